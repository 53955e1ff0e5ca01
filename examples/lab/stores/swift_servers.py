"""Three small Swift clusters on 127.0.0.1, each of a proxy, an account, a container and an object server with one replica.

usage: swift_servers.py HOME PORT SWIFT USER

HOME holds everything: rings, configuration, data, pids, logs. Keystone is expected on PORT; the clusters take the ports
after it. SWIFT and USER are files with the password of Swift's own user in Keystone and that of TempAuth's user.

All servers are forks of one process that has loaded Swift's code once, which is most of what a start costs.
"""
import os
import signal
import sys

HOME, KEYSTONE = sys.argv[1], int(sys.argv[2])
SWIFT_SECRET, USER_SECRET = [open(file).read().strip() for file in sys.argv[3:5]]

# The name of each cluster, its first port, how its users are known, and the proxies beside the usual one.
CLUSTERS = (
    ('tempauth', KEYSTONE + 10, 'tempauth', ('proxy', 'proxy-small')),
    ('one', KEYSTONE + 20, 'keystone', ('proxy',)),
    ('two', KEYSTONE + 30, 'keystone', ('proxy',)),
)
# Distances from a cluster's first port.
PORTS = {'proxy': 0, 'account': 1, 'container': 2, 'object': 3, 'memcached': 4, 'proxy-small': 5}

COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {dir}
devices = {dir}/data
mount_check = false
disable_fallocate = true
workers = 0
backlog = 1024
log_level = WARNING
"""

PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk tempurl {auth} container-quotas slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
client_chunk_size = 262144
object_chunk_size = 262144
# A busy test machine is no reason to give a server up.
node_timeout = 60
recoverable_node_timeout = 60
conn_timeout = 20
error_suppression_limit = 1000000
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:tempurl]
use = egg:swift#tempurl
[filter:tempauth]
use = egg:swift#tempauth
user_stillframe_tester = {user_secret} .admin
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = http://127.0.0.1:{keystone}
auth_url = http://127.0.0.1:{keystone}/v3
auth_type = password
project_domain_id = default
user_domain_id = default
project_name = service
username = swift
password = {swift_secret}
delay_auth_decision = true
cache = swift.cache
include_service_catalog = false
service_token_roles_required = true
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, member
[filter:container-quotas]
use = egg:swift#container_quotas
[filter:slo]
use = egg:swift#slo
max_manifest_segments = {segments}
# Tests cut small objects into many segments; Swift would hand out one small segment a second.
rate_limit_under_size = 0
[filter:dlo]
use = egg:swift#dlo
"""

STORAGE = """
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
mb_per_sync = 512
network_chunk_size = 262144
disk_chunk_size = 262144
# Listings show what was written, however slow the machine is.
container_update_timeout = 60
node_timeout = 60
conn_timeout = 20
"""


def write(path, text, mode=0o644):
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), 'w') as out:
        out.write(text)


def configure(name, first, auth, proxies):
    home = os.path.join(HOME, name)
    os.makedirs(os.path.join(home, 'data', 'd1'), exist_ok=True)
    user = os.environ.get('USER') or 'root'
    for server in ('account', 'container', 'object') + proxies:
        kind = server.partition('-')[0]
        text = COMMON.format(port=first + PORTS[server], user=user, dir=home)
        text += (PROXY if kind == 'proxy' else STORAGE).format(
            kind=kind, keystone=KEYSTONE, swift_secret=SWIFT_SECRET, user_secret=USER_SECRET, memcached=first + PORTS['memcached'],
            auth='authtoken keystoneauth' if auth == 'keystone' else 'tempauth',
            # The second proxy cuts large objects into nested manifests.
            segments=4 if server == 'proxy-small' else 1000)
        write(os.path.join(home, server + '.conf'), text, 0o600)
    return home


def build_rings(home, first):
    from swift.common.ring import RingBuilder
    for kind in ('account', 'container', 'object'):
        ring = os.path.join(home, kind + '.ring.gz')
        if not os.path.exists(ring):
            builder = RingBuilder(4, 1, 0)
            port = first + PORTS[kind]
            builder.add_dev(dict(region=1, zone=1, ip='127.0.0.1', port=port, replication_ip='127.0.0.1',
                                 replication_port=port, device='d1', weight=1.0, meta=''))
            builder.rebalance(seed=1)
            builder.get_ring().save(ring)


def fork_server(name, home, server):
    pid = os.fork()
    if pid:
        write(os.path.join(HOME, 'pid', name + '-' + server), '%d\n' % pid)
        return
    log = os.open(os.path.join(HOME, 'log', name + '-' + server + '.log'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from swift.common.wsgi import run_wsgi
    kind = server.partition('-')[0]
    os._exit(run_wsgi(os.path.join(home, server + '.conf'), kind + '-server', verbose=True) or 0)


def main():
    # The hash's prefix is the clusters' one common setting.
    write(os.path.join(HOME, 'swift.conf'), '[swift-hash]\nswift_hash_path_prefix = lab\n'
          '[storage-policy:0]\nname = Policy-0\ndefault = yes\n')
    import swift.common.utils
    swift.common.utils.set_swift_dir(HOME)
    from swift.common import constraints, storage_policy
    constraints.reload_constraints()
    storage_policy.reload_storage_policies()
    import swift.account.server, swift.container.server, swift.obj.server, swift.proxy.server  # noqa: E401,F401
    import swift.common.middleware.bulk, swift.common.middleware.slo, swift.common.middleware.dlo  # noqa: E401,F401
    import swift.common.middleware.tempurl, swift.common.middleware.tempauth  # noqa: E401,F401
    import keystonemiddleware.auth_token  # noqa: F401
    # Costs more than all imports, and each server would do it by itself.
    swift.common.utils.eventlet_monkey_patch()
    for name, first, auth, proxies in CLUSTERS:
        home = configure(name, first, auth, proxies)
        build_rings(home, first)
        for server in ('account', 'container', 'object') + proxies:
            fork_server(name, home, server)


main()
