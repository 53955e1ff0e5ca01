-- Work that waits or is unfinished, for whom, and where to; whose turn it was.
ALTER TABLE stillframe_snapshot ADD COLUMN IF NOT EXISTS work VARCHAR(24) DEFAULT '' NOT NULL;
ALTER TABLE stillframe_snapshot ADD COLUMN IF NOT EXISTS tenant VARCHAR(128) ${binary} DEFAULT 'default' NOT NULL;
ALTER TABLE stillframe_snapshot ADD COLUMN IF NOT EXISTS store TEXT;

UPDATE stillframe_snapshot SET work = CASE status
  WHEN 'CAPTURING' THEN 'CAPTURE'
  WHEN 'QUEUED' THEN 'TRANSFER'
  WHEN 'AVAILABLE' THEN CASE WHEN record LIKE '%"obligations":[]%' THEN 'NONE' ELSE 'DUTIES' END
  ELSE 'DUTIES' END
WHERE work = '';

CREATE INDEX IF NOT EXISTS stillframe_snapshot_work ON stillframe_snapshot (work, tenant, requested_at, id);
CREATE INDEX IF NOT EXISTS stillframe_snapshot_tenant ON stillframe_snapshot (tenant, requested_at DESC, id);

CREATE TABLE IF NOT EXISTS stillframe_turn (
  tenant        VARCHAR(128)  ${binary} NOT NULL,
  work          VARCHAR(24)   NOT NULL,
  turn          BIGINT        NOT NULL,
  PRIMARY KEY (tenant, work)
);
INSERT INTO stillframe_turn (tenant, work, turn)
  SELECT '', '', 0 WHERE NOT EXISTS (SELECT 1 FROM stillframe_turn WHERE tenant = '');
