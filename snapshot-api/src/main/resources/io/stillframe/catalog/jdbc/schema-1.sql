-- Times are nanoseconds since 1970-01-01T00:00:00Z. Every statement may be run again; docs/formats/jdbc-catalog.md explains the columns.
CREATE SEQUENCE IF NOT EXISTS stillframe_epoch;

CREATE TABLE IF NOT EXISTS stillframe_snapshot (
  id            VARCHAR(31)   ${binary} NOT NULL PRIMARY KEY,
  version       BIGINT        NOT NULL,
  status        VARCHAR(16)   NOT NULL,
  hypervisor    TEXT          NOT NULL,
  instance_id   VARCHAR(255)  NOT NULL,
  instance_name VARCHAR(1024) NOT NULL,
  name          VARCHAR(2048) NOT NULL,
  requested_at  BIGINT        NOT NULL,
  completed_at  BIGINT,
  expires_at    BIGINT,
  claim_key     VARCHAR(200)  ${binary},
  token         VARCHAR(255)  ${binary},
  record        TEXT          NOT NULL,
  CONSTRAINT stillframe_snapshot_claim UNIQUE (claim_key),
  CONSTRAINT stillframe_snapshot_token UNIQUE (token)
);

CREATE INDEX IF NOT EXISTS stillframe_snapshot_requested ON stillframe_snapshot (requested_at DESC, id);
CREATE INDEX IF NOT EXISTS stillframe_snapshot_status ON stillframe_snapshot (status, requested_at DESC, id);
CREATE INDEX IF NOT EXISTS stillframe_snapshot_expiry ON stillframe_snapshot (status, expires_at, id);
CREATE INDEX IF NOT EXISTS stillframe_snapshot_instance ON stillframe_snapshot (instance_id);
CREATE INDEX IF NOT EXISTS stillframe_snapshot_instance_name ON stillframe_snapshot (instance_name);

CREATE TABLE IF NOT EXISTS stillframe_lease (
  resource_key  VARCHAR(200)  ${binary} NOT NULL PRIMARY KEY,
  owner         TEXT          NOT NULL,
  epoch         BIGINT        NOT NULL,
  expires_at    BIGINT        NOT NULL
);

CREATE TABLE IF NOT EXISTS stillframe_journal (
  snapshot_id   VARCHAR(31)   ${binary} NOT NULL,
  sequence      BIGINT        NOT NULL,
  epoch         BIGINT        NOT NULL,
  stage         VARCHAR(16)   NOT NULL,
  step          TEXT          NOT NULL,
  detail        TEXT          NOT NULL,
  at            BIGINT        NOT NULL,
  PRIMARY KEY (snapshot_id, sequence)
);
