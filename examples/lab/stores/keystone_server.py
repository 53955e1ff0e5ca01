"""A small Keystone on 127.0.0.1: SQLite, one process, with a catalogue of two object stores in two regions.

usage: keystone_server.py HOME PORT ADMIN SWIFT USER APPLICATION REGION=URL...

ADMIN to APPLICATION are files with the secrets of Keystone's administrator, of Swift, of the user and of the user's
application credential. HOME holds configuration, keys and database, which are made at the first start. Migrations of the database cost more time
than all the rest, so its tables are made from Keystone's own model of them.
"""
import base64
import os
import sys
import types
import uuid

HOME, PORT = sys.argv[1], int(sys.argv[2])
ADMIN_SECRET, SWIFT_SECRET, USER_SECRET, APPLICATION_SECRET = [open(file).read().strip() for file in sys.argv[3:7]]
REGIONS = [argument.split('=', 1) for argument in sys.argv[7:]]
URL = 'http://127.0.0.1:%d/v3' % PORT
DOMAIN = 'default'

CONF = """[DEFAULT]
use_stderr = true
default_log_levels = keystone=WARNING,oslo=WARNING,passlib=ERROR
[database]
connection = sqlite:///{home}/keystone.db
[token]
provider = fernet
expiration = 3600
[fernet_tokens]
key_repository = {home}/fernet
[fernet_receipts]
key_repository = {home}/fernet
[credential]
key_repository = {home}/credential
[cache]
enabled = true
backend = dogpile.cache.memory
[identity]
password_hash_rounds = 4
"""


def write_configuration():
    for keys in ('fernet', 'credential'):
        os.makedirs(os.path.join(HOME, keys), mode=0o700, exist_ok=True)
        for number in ('0', '1'):
            path = os.path.join(HOME, keys, number)
            if not os.path.exists(path):
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), 'wb') as key:
                    key.write(base64.urlsafe_b64encode(os.urandom(32)))
    path = os.path.join(HOME, 'keystone.conf')
    with open(path, 'w') as conf:
        conf.write(CONF.format(home=HOME))
    return path


def make_tables():
    from keystone.common import sql
    with sql.session_for_write() as session:
        engine = session.get_bind()
    sql.core.ModelBase.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql('PRAGMA journal_mode=WAL')


def populate():
    from keystone.cmd import bootstrap
    from keystone.common.provider_api import ProviderAPIs
    # The application has loaded its back ends, which can be done once only.
    bootstrap.backends = types.SimpleNamespace(load_backends=lambda: None)
    boot = bootstrap.Bootstrapper()
    boot.admin_username, boot.admin_password, boot.project_name = 'admin', ADMIN_SECRET, 'admin'
    boot.admin_role_name, boot.service_name, boot.region_id = 'admin', 'keystone', REGIONS[0][0]
    boot.public_url = boot.internal_url = boot.admin_url = URL
    boot.bootstrap()

    def project(name):
        key = uuid.uuid4().hex
        ProviderAPIs.resource_api.create_project(key, {'id': key, 'name': name, 'domain_id': DOMAIN, 'enabled': True})
        return key

    def user(name, secret, in_project, role):
        key = ProviderAPIs.identity_api.create_user(
            {'name': name, 'password': secret, 'domain_id': DOMAIN, 'enabled': True})['id']
        ProviderAPIs.assignment_api.add_role_to_user_and_project(key, in_project, role)
        return key

    user('swift', SWIFT_SECRET, project('service'), boot.admin_role_id)
    stillframe = project('stillframe')
    tester = user('tester', USER_SECRET, stillframe, boot.member_role_id)
    ProviderAPIs.application_credential_api.create_application_credential({
        'id': 'stillframe-application', 'name': 'application', 'secret': APPLICATION_SECRET, 'user_id': tester,
        'project_id': stillframe, 'roles': [{'id': boot.member_role_id}], 'unrestricted': False})
    service = uuid.uuid4().hex
    ProviderAPIs.catalog_api.create_service(
        service, {'id': service, 'type': 'object-store', 'name': 'swift', 'enabled': True})
    for region, url in REGIONS:
        if region != REGIONS[0][0]:
            ProviderAPIs.catalog_api.create_region({'id': region})
        for interface in ('public', 'internal', 'admin'):
            key = uuid.uuid4().hex
            ProviderAPIs.catalog_api.create_endpoint(key, {
                'id': key, 'service_id': service, 'region_id': region, 'interface': interface, 'enabled': True,
                'url': url + '/v1/AUTH_$(project_id)s'})


def main():
    os.umask(0o077)
    conf = write_configuration()
    made = os.path.join(HOME, 'made')
    sys.argv[1:] = []
    from keystone.server.flask import core
    application = core.initialize_application('public', config_files=[conf])
    if not os.path.exists(made):
        make_tables()
        populate()
        open(made, 'w').close()
    from cheroot import wsgi
    wsgi.Server(('127.0.0.1', PORT), application, numthreads=4).start()


main()
