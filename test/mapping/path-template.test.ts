import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { templatePath } from '../../src/mapping/path-template.js';

const UUID = '3c0c51cf-9a22-405f-b45f-809c09ad6177';
const HEX = '3c0c51cf9a22405fb45f809c09ad6177';

/** Paths by service, what is to become `{id}` in angle brackets: U is a UUID, H one without dashes. */
const PATHS: Readonly<Record<string, string>> = {
  compute: `
    /v2.1/servers /v2.1/servers/detail /v2.1/servers/<U> /v2.1/servers/<vm1> /v2.1/servers/<vm1>/action
    /v2.1/<H>/servers/<vm1>/action /v2.1/<admin>/servers/detail /v2/<H>/servers/<U>/metadata/<role>
    /v2.1/servers/<U>/os-volume_attachments/<U>
    /v2.1/servers/<U>/os-instance-actions/<req-116c676c-b002-42c6-9486-08f247f8c95d>
    /v2.1/servers/<U>/ips/<private> /v2.1/servers/<U>/migrations/<7>/action
    /v2.1/servers/<U>/tags/<blue> /v2.1/servers/<U>/remote-consoles /v2.1/servers/<U>/new-extension
    /v2.1/flavors/<m1.tiny> /v2.1/flavors/<m1.tiny>/os-extra_specs/<hw:cpu_policy>
    /v2.1/os-keypairs/<my%20key> /v2.1/os-keypairs/<id_rsa> /v2.1/os-hypervisors/detail
    /v2.1/os-hypervisors/<cmp-01>/servers /v2.1/os-services/disable-log-reason /v2.1/os-services/<3>
    /v2.1/os-quota-sets/<demo>/defaults /v2.1/os-aggregates/<rack-a>/action
    /v2.1/os-simple-tenant-usage/<H> /v2.1/os-server-groups/<U> /v2.1/limits /compute/v2.1/servers/<vm1>`,
  metadata: `
    /latest/meta-data/instance-id /2009-04-04/meta-data/public-keys/<0>/openssh-key
    /2009-04-04/user-data /1.0/meta-data /openstack/2013-04-04/meta_data.json
    /openstack/latest/network_data.json
    /latest/meta-data/network/interfaces/macs/<fa:16:3e:00:00:01>/local-ipv4s /healthcheck /`,
  image: `
    /v2/images /v2/images/<cirros> /v2/images/<U>/file /v2/images/<U>/members/<H>
    /v2/images/<cirros>/tags/<lts> /v2/images/<U>/actions/deactivate /v2/schemas/image
    /v2/schemas/images /v2/schemas/metadefs/namespaces
    /v2/metadefs/namespaces/<OS::Compute::Hypervisor>/objects/<CPU> /v2/metadefs/resource_types
    /v2/info/stores/detail /v2/stores/<fast>/<U> /v2/cache/<U> /v2/tasks/<U> /image/v2/images/<cirros>`,
  network: `
    /v2.0/networks /v2.0/networks.json /v2.0/networks/<net1> /v2.0/networks/<net1.json>
    /v2.0/networks/<U.json> /v2.0/ports/<U>/bindings/<cmp-01> /v2.0/ports/<U>/bindings/<cmp-01>/activate
    /v2.0/routers/<edge>/add_router_interface /v2.0/routers/<edge>/conntrack_helpers/<U>
    /v2.0/quotas/<H>/default /v2.0/quotas/<H>/details.json /v2.0/quotas/tenant
    /v2.0/extensions/<port-security> /v2.0/agents/<U>/dhcp-networks/<U> /v2.0/security-groups/<default>
    /v2.0/security-group-rules/<U> /v2.0/qos/policies/<gold>/bandwidth_limit_rules/<U>
    /v2.0/qos/policies/<gold>/tags/<blue> /v2.0/fwaas/firewall_policies/<web>/insert_rule
    /v2.0/vpn/ipsec-site-connections/<U> /v2.0/bgpvpn/bgpvpns/<U>/network_associations/<U>
    /v2.0/floatingips/<U>/port_forwardings/<U> /v2.0/networks/<net1>/tags/<blue>
    /v2.0/auto-allocated-topology/<null> /networking/v2.0/ports/<U>`,
  loadBalancer: `
    /v2/lbaas/loadbalancers/<lb1>/status /v2.0/lbaas/pools/<U>/members/<web-1>
    /v2.0/lbaas/quotas/defaults /v2/lbaas/l7policies/<U>/rules/<U> /v2/octavia/amphorae/<U>/failover
    /load-balancer/v2/lbaas/providers/<ovn>/flavor_capabilities`,
  volume: `
    /v3/<H>/volumes /v3/<H>/volumes/detail /v3/<H>/volumes/summary /v3/<H>/volumes/<data>/action
    /v3/volumes/<U> /v3/<admin>/volumes/<U>/metadata/<readonly>
    /v3/<H>/types/<lvm>/extra_specs/<volume_backend_name> /v3/<H>/types/default
    /v3/<H>/backups/<U>/restore /v3/<H>/os-volume-transfer/<U>/accept /v3/<H>/group_snapshots/<U>
    /v3/<H>/capabilities/<blk-01@lvm#pool> /v3/<H>/attachments/<U>/action
    /volume/v3/<H>/snapshots/<nightly>`,
  identity: `
    /v3 /v3/auth/tokens /v3/auth/tokens/OS-PKI/revoked /identity/v3/auth/tokens /v3/users/<nova>
    /v3/users/<H>/projects /v3/users/<H>/application_credentials/<ci> /v3/domains/<default>
    /v3/domains/<default>/config/<ldap>/<url> /v3/domains/config/<ldap>/<url>/default
    /v3/domains/config/default /v3/projects/<demo>/users/<alice>/roles/<member>
    /v3/projects/<demo>/tags/<blue> /v3/role_assignments /v3/roles/<admin>/implies/<member>
    /v3/regions/<RegionOne> /v3/OS-FEDERATION/identity_providers/<keycloak>/protocols/<openid>/auth
    /v3/auth/OS-FEDERATION/websso/<openid> /v3/OS-TRUST/trusts/<H>/roles/<H>
    /v3/OS-INHERIT/domains/<H>/users/<H>/roles/<H>/inherited_to_projects
    /v3/users/<H>/credentials/OS-EC2/<H> /v3/limits/model /v2.0/tokens/<H>/endpoints`,
  placement: `
    /resource_providers/<U>/inventories/<VCPU> /resource_providers/<U>/aggregates /allocations/<U>
    /placement/allocations/<U> /traits/<CUSTOM_RAID_10> /resource_classes/<CUSTOM_FPGA>
    /allocation_candidates /usages`,
  orchestration: `
    /v1/<H>/stacks /v1/<H>/stacks/<web> /v1/<H>/stacks/<web>/resources /v1/<H>/stacks/<web>/<U>
    /v1/<H>/stacks/<web>/<U>/resources/<server>/metadata
    /v1/<H>/stacks/<web>/<U>/resources/<server>/events/<U> /v1/<H>/stacks/<web>/<U>/outputs/<url>
    /v1/<demo>/resource_types/<OS::Nova::Server>/template /v1/<H>/software_deployments/metadata/<U>
    /heat-api/v1/<H>/stacks/<web>/<U>/snapshots/<U>/restore`,
  objectStore: `
    /v1/<AUTH_${HEX}> /v1/<AUTH_demo>/<backups> /v1/<AUTH_demo>/<backups>/<db.tar>
    /swift/v1/<backups>/<db.tar> /object-store/v1/<AUTH_demo>/<volumes>/<detail> /info`,
  dns: `
    /v2/zones/<example.org.> /v2/zones/<U>/recordsets/<U> /v2/zones/<U>/tasks/xfr
    /v2/zones/tasks/exports/<U>/export /v2/reverse/floatingips/<RegionOne:U> /v2/tlds/<org>`,
  baremetal: `
    /v1/nodes/<rack1-u7>/states/power /v1/nodes/detail /v1/nodes/<U>/traits/<CUSTOM_RAID>
    /v1/nodes/<U>/management/boot_device/supported /v1/drivers/<ipmi>/properties /v1/ports/<U>
    /baremetal/v1/heartbeat/<U> /v1/introspection/<U>/data/unprocessed`,
  share: `
    /v2/shares/<U>/export_locations/<U> /v2/<H>/share-networks/<U>/subnets/<U>
    /v2/share-group-types/<gold>/group-specs/<tier> /v2/share-servers/manage
    /v2/scheduler-stats/pools/detail`,
  others: `
    /v1/secrets/<U>/payload /v1/containers/<U>/consumers /v1/clusters/<k8s>/actions/resize
    /v1/quotas/<H>/<Cluster> /v1/metric/<U>/measures /metric/v1/metric/<U>/measures
    /v1/resource/<instance>/<U>/metric/<cpu>/measures /v2/alarms/<U>/state
    /v2/workflows/<std.create_instance> /v2/executions/<U>/tasks
    /v2/queues/<jobs>/messages/<51db6f78c508f17ddc924357>
    /v2/queues/<jobs>/claims/<51db7067821e727dc24df754> /v1/audits/<nightly> /v1/action_plans/<U>/start
    /v1/segments/<rack-a>/hosts/<cmp-01> /v1/notifications/<U> /v2/device_profiles/<fpga>
    /v2/deployables/<U>/program /v1.0/<H>/instances/<U>/users/<app>/databases/<db> /v1/leases/<U>`,
  unknown: `
    /refused /v9/widgets/red/parts /widgets/<42> /widgets/<-1.5>/parts /widgets/<U>/parts
    /widgets/<volume-U> /widgets/<instance-0000002a> /widgets/<deadbeef01> /widgets/facade
    /widgets/<0x7f3a> /widgets/<10.0.0.7> /widgets/<fe80::1> /widgets/<alice@example.org>
    /widgets/<caf%C3%A9> /widgets/<日本> /widgets/<AUTH_demo> /widgets/<gAAAAABmZ-x9Qe_1> /widgets/<a,b>
    /widgets/s3tokens/x86_64/ext4 /widgets/${'w'.repeat(64)} /widgets/<${'w'.repeat(65)}>`,
};

/** Paths that change in more than their names. */
const TIDIED: readonly (readonly [path: string, template: string])[] = [
  ['', '/'],
  ['//', '/'],
  ['v3/users/nova', '/v3/users/{id}'],
  ['/v2.1/servers/', '/v2.1/servers'],
  ['//v2.1///servers//vm1/', '/v2.1/servers/{id}'],
  ['/v2.1/servers?name=vm1', '/v2.1/servers'],
  ['/v2.1/servers/vm1?a=/b/c', '/v2.1/servers/{id}'],
  ['/V2.1/SERVERS/VM1/Action', '/V2.1/SERVERS/{id}/Action'],
  [`/v2.1/servers/${UUID.toUpperCase()}`, '/v2.1/servers/{id}'],
  ['/v1/AUTH_demo/backups/2024/01/db.tar', '/v1/{id}/{id}/{id}'],
  [`/v1/AUTH_demo/backups/${'deep/'.repeat(40)}`, '/v1/{id}/{id}/{id}'],
  ['/v2.1/{project_id}/servers/{server_id}', '/v2.1/{id}/servers/{id}'],
  ['/a/b/c/d/e/f/g/h/i/j/k/l', '/a/b/c/d/e/f/g/h/i/j/k/l'],
  ['/a/b/c/d/e/f/g/h/i/j/k/l/m', '/a/b/c/d/e/f/g/h/i/j/k/l/…'],
];

describe('templatePath', () => {
  for (const [service, paths] of Object.entries(PATHS)) {
    it(`folds what names a thing, and nothing else: ${service}`, () => {
      for (const marked of paths.trim().split(/\s+/)) {
        const path = marked.replace(/<([^>]*)>/g, (_, name: string) =>
          name.replace(/\bU\b/, UUID).replace(/^H$/, HEX),
        );
        assert.equal(templatePath(path), marked.replace(/<[^>]*>/g, '{id}'), path);
      }
    });
  }

  it('tidies paths', () => {
    for (const [path, template] of TIDIED) assert.equal(templatePath(path), template, path);
  });

  it('templates every recorded path as reviewed, into few', () => {
    const golden = JSON.parse(readFileSync('test/fixtures/path-templates.json', 'utf8')) as Record<
      string,
      string
    >;
    for (const [path, template] of Object.entries(golden)) assert.equal(templatePath(path), template);
    assert.ok(new Set(Object.values(golden)).size < 40);
  });

  it('looks at a bounded part of a path however long it is', () => {
    assert.equal(
      templatePath(`/v2.1/servers/${'x/'.repeat(5_000_000)}`),
      '/v2.1/servers/{id}/x/x/x/x/x/x/x/x/x/…',
    );
    assert.equal(templatePath(`/v1/secrets/${'x'.repeat(10_000_000)}`), '/v1/secrets/{id}');
    assert.equal(templatePath('/'.repeat(10_000_000)), '/…');
    assert.equal(templatePath(`/v3/users?${'x'.repeat(10_000_000)}`), '/v3/users');
    assert.equal(
      templatePath(`/v3${'/'.repeat(2_046 - 40)}${UUID}/projects/${'x'.repeat(100)}`),
      '/v3/{id}/…',
    );
  });

  const word = fc.constantFrom(
    'v1',
    'v2.1',
    'v3',
    'servers',
    'detail',
    'auth',
    'swift',
    'latest',
    'stacks',
    'mine',
  );
  const identifier = fc.oneof(
    fc.uuid(),
    fc.uuid().map((uuid) => uuid.replaceAll('-', '').toUpperCase()),
    fc.integer({ min: 0 }).map(String),
    fc.stringMatching(/^[0-9a-f]{16,40}$/),
    fc.stringMatching(/^[a-f]{7}[0-9][0-9a-f]{0,8}$/),
  );
  const anything = fc.oneof(
    word,
    identifier,
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '…', '{id}', 'AUTH_x'),
  );
  const paths = fc.array(anything, { maxLength: 20 }).map((segments) => segments.join('/'));
  const settings = { seed: 20240612, numRuns: 1_000 };

  it('gives a bounded path that starts with one slash, whatever comes in', () => {
    fc.assert(
      fc.property(paths, (path) => {
        const template = templatePath(path);
        assert.match(template, /^\/(?:[\w.~-]+|\{id\}|…)?(?:\/(?:[\w.~-]+|\{id\}|…))*$/);
        assert.ok(template.length <= 12 * 65 + 2);
      }),
      settings,
    );
  });

  it('leaves a template as it is', () => {
    fc.assert(
      fc.property(paths, (path) => assert.equal(templatePath(templatePath(path)), templatePath(path))),
      settings,
    );
  });

  it('lets no UUID, number or hex through, wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 6 }),
        identifier,
        fc.array(word, { maxLength: 6 }),
        (before, id, after) => {
          const template = templatePath(`/${[...before, id, ...after].join('/')}`);
          assert.ok(!template.split('/').includes(id), template);
        },
      ),
      settings,
    );
  });
});
