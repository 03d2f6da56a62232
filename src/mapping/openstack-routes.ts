/**
 * The paths of OpenStack's APIs as a tree: which words are collections, whose members are addressed by what follows
 * (an id or, just as often, a name), and which words are verbs or sub-resources.
 * Source: the services' API references (`api-ref/source`) and, where those are silent, their routers.
 */

/** A place in the tree. */
export interface RouteNode {
  /** The words that may follow, in lower case; each wins over {@link member}. */
  readonly words: Map<string, RouteNode>;
  /** Where any other segment leads: the place is a collection and the segment names one of its members. */
  member?: RouteNode;
}

/**
 * A line or a few an API. Routes are separated by spaces, their segments by `/`; `*` is a member, `a|b` either word.
 * What a route passes through is declared by it: a route through `servers`, a member and `tags` makes both
 * of these words collections.
 */
const APIS: Readonly<Record<string, string>> = {
  compute: `servers|os-volumes_boot/detail servers|os-volumes_boot/*/action|diagnostics|topology|remote-consoles
    servers/*/ips|metadata|tags|shares|consoles|os-interface|os-volume_attachments|os-instance-actions/*
    servers/*/migrations/*/action servers/*/os-security-groups|os-server-password|os-virtual-interfaces
    flavors/detail flavors/*/action|os-flavor-access flavors/*/os-extra_specs/* images/detail images/*/metadata/*
    limits extensions/* os-aggregates/*/action|images os-availability-zone/detail os-keypairs/* os-migrations
    os-agents|os-assisted-volume-snapshots|os-baremetal-nodes|os-certificates|os-console-auth-tokens|os-fping/*
    os-cells/capacities|detail|info|sync_instances os-cells/*/capacities os-cloudpipe/configure-project os-consoles
    os-fixed-ips/*/action os-floating-ip-dns/*/entries/* os-floating-ip-pools os-floating-ips|os-floating-ips-bulk/*
    os-floating-ips-bulk/delete os-certificates/root os-hosts/*/reboot|shutdown|startup
    os-hypervisors/detail|statistics os-hypervisors/*/search|servers|uptime os-instance_usage_audit_log/*
    os-networks/add os-networks/*/action os-tenant-networks/* os-quota-class-sets/* os-quota-sets/*/defaults|detail
    os-security-groups|os-security-group-rules|os-security-group-default-rules|os-server-groups|os-volume-types/*
    os-server-external-events os-services/enable|disable|disable-log-reason|force-down os-services/*
    os-simple-tenant-usage/* os-snapshots|os-volumes/detail os-snapshots|os-volumes/*`,
  image: `images/*/file|stage|import|tasks|locations images/*/actions/deactivate|reactivate
    images/*/members|tags|locations/* stores/*/* tasks/* info/import|usage info/stores/detail
    cache/clean|prune cache/* cached_images|queued_images|shared-images/* schemas
    metadefs/resource_types metadefs/namespaces/*/objects|properties|tags|resource_types/*`,
  network: `networks|subnets|subnetpools|ports|routers|floatingips|security-groups|security-group-rules|trunks/*/tags/*
    address-groups|address-scopes|local_ips|ndp_proxies|network_segment_ranges|rbac-policies|segments/*/tags/*
    networks/*/dhcp-agents/* subnetpools/*/add_prefixes|remove_prefixes|onboard_network_subnets
    ports/*/bindings/*/activate ports/*/add_allowed_address_pairs|remove_allowed_address_pairs
    routers/*/add_router_interface|remove_router_interface|add_extraroutes|remove_extraroutes
    routers/*/add_external_gateways|update_external_gateways|remove_external_gateways
    routers/*/l3-agents|conntrack_helpers/* floatingips/*/port_forwardings/* floatingip_pools
    default-security-group-rules|security-groups-default-statefulness/* address-groups/*/add_addresses|remove_addresses
    agents/*/dhcp-networks|l3-routers|bgp-drinstances|loadbalancers/* availability_zones service-providers
    auto-allocated-topology|network-ip-availabilities/* quotas/tenant|project|default|defaults
    quotas/*/default|details local_ips/*/port_associations/* log/loggable-resources log/logs/*
    metering/metering-labels|metering-label-rules/* flavors/*/service_profiles/* service_profiles/*
    trunks/*/add_subports|remove_subports|get_subports qos/policies/*/tags/* qos/rule-types/*
    qos/policies/*/bandwidth_limit_rules|dscp_marking_rules|minimum_bandwidth_rules/*
    qos/policies/*/minimum_packet_rate_rules|packet_rate_limit_rules/*
    qos/alias_bandwidth_limit_rules|alias_dscp_marking_rules|alias_minimum_bandwidth_rules/*
    qos/alias_minimum_packet_rate_rules|alias_packet_rate_limit_rules/* taas/tap_flows|tap_mirrors|tap_services/*
    fwaas/firewall_groups|firewall_rules/* fwaas/firewall_policies/*/insert_rule|remove_rule
    fw/firewalls|firewall_rules/* fw/firewall_policies/*/insert_rule|remove_rule
    vpn/vpnservices|ikepolicies|ipsecpolicies|ipsec-site-connections|endpoint-groups/*
    bgpvpn/bgpvpns/*/network_associations|router_associations|port_associations/*
    bgp-peers/* bgp-speakers/*/add_bgp_peer|remove_bgp_peer|get_advertised_routes
    bgp-speakers/*/add_gateway_network|remove_gateway_network bgp-speakers/*/bgp-dragents/*
    sfc/flow_classifiers|flow-classifiers|port_chains|port-chains|port_pairs|port-pairs|service_graphs/*
    sfc/port_pair_groups|port-pair-groups/* lb/vips|members|health_monitors|pools/*/health_monitors/*`,
  loadBalancer: `lbaas/loadbalancers/*/stats|status|statuses|failover lbaas/listeners/*/stats lbaas/healthmonitors/*
    lbaas/l7policies/*/rules/* lbaas/pools/*/members/* lbaas/quotas/defaults lbaas/quotas/*/default
    lbaas/providers/*/flavor_capabilities|availability_zone_capabilities
    lbaas/flavors|flavorprofiles|availabilityzones|availabilityzoneprofiles/*
    octavia/amphorae/*/config|stats|failover`,
  volume: `volumes|snapshots|types|backups|groups|attachments|consistencygroups/*/action
    volumes|snapshots|backups|attachments|groups|group_snapshots|messages|clusters|consistencygroups|cgsnapshots/detail
    volumes/summary volumes|snapshots/*/metadata|encryption/* snapshot/*/metadata/* attachments|messages|clusters/*
    types/default types/*/encryption|extra_specs/* types/*/os-volume-type-access|share_type_access
    group_types/default group_types/*/group_specs/* groups/action group_snapshots/*/action default-types/*
    backups/import_record backups/*/export_record|restore clusters/enable|disable capabilities/* resource_filters
    consistencygroups/create_from_src consistencygroups/*/update|delete cgsnapshots/* extensions/* limits workers/cleanup
    manageable_volumes|manageable_snapshots/detail os-volume-manage|os-snapshot-manage/detail
    os-hosts/* os-quota-sets|os-quota-class-sets/*/defaults scheduler-stats/get_pools
    os-services/freeze|thaw|failover|failover_host|set-log|get-log os-availability-zone
    os-volume-transfer|volume-transfers/detail os-volume-transfer|volume-transfers/*/accept
    qos-specs/*/associate|associations|disassociate|disassociate_all|delete_keys`,
  identity: `auth/tokens/OS-PKI/revoked auth/catalog|domains|projects|system auth/OS-FEDERATION/saml2/ecp
    auth/OS-FEDERATION/websso/* auth/OS-FEDERATION/identity_providers/*/protocol|protocols/*/websso
    users/*/projects|groups|password users/*/access_rules|application_credentials/* users/*/credentials/OS-EC2/*
    users/*/OS-OAUTH1/access_tokens/*/roles/* groups/*/users/* roles/*/implies/* role_inferences role_assignments
    domains|projects/*/users|groups/*/roles/* projects/*/tags/* domains/*/config/*/*
    domains/config/default domains/config/*/default domains/config/*/*/default
    system/users|groups/*/roles/* regions|services|credentials|registered_limits/* limits/model limits/*
    endpoints/*/OS-ENDPOINT-POLICY/policy policies/*/OS-ENDPOINT-POLICY/policy
    policies/*/OS-ENDPOINT-POLICY/endpoints/* policies/*/OS-ENDPOINT-POLICY/services/*/regions/*
    OS-TRUST/trusts/*/roles/* OS-REVOKE/events OS-SIMPLE-CERT/ca|certificates OS-OAUTH2/token ec2tokens s3tokens
    OS-EP-FILTER/endpoints/*/projects OS-EP-FILTER/endpoint_groups/*/endpoints OS-EP-FILTER/endpoint_groups/*/projects/*
    OS-EP-FILTER/projects/*/endpoint_groups OS-EP-FILTER/projects/*/endpoints/*
    OS-FEDERATION/identity_providers/*/protocols/*/auth OS-FEDERATION/mappings|service_providers/*
    OS-FEDERATION/domains|projects OS-FEDERATION/saml2/metadata
    OS-INHERIT/domains|projects/*/users|groups/*/roles/inherited_to_projects
    OS-INHERIT/domains|projects/*/users|groups/*/roles/*/inherited_to_projects
    OS-OAUTH1/request_token|access_token OS-OAUTH1/authorize|consumers/*
    tokens/revoked tokens/*/endpoints tenants/*/users/*/roles/OS-KSADM/* OS-KSADM/services|roles/*`,
  placement: `resource_providers/*/inventories/* resource_providers/*/aggregates|allocations|traits|usages
    allocations/* allocation_candidates traits|resource_classes/* usages reshaper`,
  orchestration: `stacks/detail|preview stacks/*/resources|events|template|actions
    stacks/*/*/abandon|actions|environment|export|files|preview|template stacks/*/*/outputs|events/*
    stacks/*/*/resources/*/metadata|signal stacks/*/*/resources/*/events/* stacks/*/*/snapshots/*/restore
    resource_types/*/template template_versions/*/functions software_configs/*
    software_deployments/metadata/* software_deployments/* build_info services validate
    signal|waitcondition/*/*/*/resources/*`,
  dns: `zones/*/recordsets|shares/* zones/*/nameservers
    zones/*/tasks/abandon|export|pool_move|transfer_requests|xfr zones/tasks/imports|transfer_requests|transfer_accepts/*
    zones/tasks/exports/*/export recordsets|blacklists|tlds|tsigkeys|pools|quotas|service_statuses/*
    reverse/floatingips/* limits reports/counts|tenants`,
  baremetal: `nodes|ports|portgroups|chassis/detail nodes/*/states/boot_mode|console|power|provision|raid|secure_boot
    nodes/*/bios|history|traits|vifs/* nodes/*/allocation|firmware|inventory|maintenance|validate|vmedia|children
    nodes/*/management/boot_device/supported nodes/*/management/inject_nmi nodes/*/management/indicators/*/*
    nodes/*/ports|portgroups/detail nodes/*/volume/connectors|targets nodes/*/vendor_passthru/methods
    portgroups/*/ports/detail drivers/*/properties drivers/*/raid/logical_disk_properties
    drivers/*/vendor_passthru/methods volume/connectors|targets|connector|target/* lookup continue_inspection shards
    allocations|chassis|conductors|deploy_templates|heartbeat|inspection_rules|runbooks/*
    introspection/*/abort introspection/*/data/unprocessed rules/*`,
  share: `shares|share-groups|share-networks|share-replicas|share-backups|share-transfers|snapshots|share_instances/detail
    shares|share-networks|share-servers|snapshot-instances/manage share-group-snapshots|security-services/detail
    share-networks|share-servers|share_servers|share-groups|share-group-snapshots|share-group-types/*/action
    shares|share_instances|share-replicas|share-backups|snapshots|snapshot-instances/*/action
    shares/*/instances|migration-progress shares/*/metadata/* shares/*/export_locations/*/metadata/*
    share_instances/*/export_locations/* share-replicas|snapshots|snapshot-instances/*/export-locations/*
    share-replicas|snapshots/*/metadata/* snapshots/manage snapshots/*/access-list snapshot-instances/detail
    share-networks/*/subnets/*/metadata/* share-servers/*/details share-transfers/*/accept
    share-group-snapshots/*/members share-group-types/default share-group-types/*/access
    share-group-types/*/group-specs/* share-access-rules/*/metadata/* security-services|resource-locks/*
    qos-types/*/specs/* quota-sets/*/defaults|detail quota-class-sets/* scheduler-stats/pools/detail
    services/enable|disable|ensure-shares os-share-manage os-share-unmanage/*/unmanage availability-zones`,
  keys: `secrets/*/payload|acl|consumers secrets/*/metadata/* containers/*/acl|consumers|secrets orders/* transport_keys/*
    project-quotas|quotas|cas|certificate-authorities/* secret-stores/global-default|preferred secret-stores/*/preferred`,
  containers: `clusters|bays/*/actions/resize|upgrade clusters/*/nodegroups/* clustertemplates|baymodels|certificates/*
    quotas/*/* stats mservices federations/* credentials/*
    containers/*/start|stop|reboot|pause|unpause|kill|execute|logs|top|attach|resize_container|stats|commit capsules/*`,
  telemetry: `archive_policy|archive_policy_rule|resource_type/* metric/*/measures|rename metric/delete status capabilities
    resource/*/*/history resource/*/*/metric/*/measures search/metric search/resource/* aggregation/metric
    aggregation/resource/*/metric/* aggregates batch/metrics/measures batch/resources/metrics/measures
    alarms/*/history|state query/alarms/history query/samples meters/*/statistics samples|resources|events/*
    event_types/*/traits/*`,
  workflow: `workflows|workbooks|actions/validate workflows/*/members/* workbooks|actions|code_sources|dynamic_actions/*
    executions/*/executions|tasks|report|sub_executions tasks/*/executions|action_executions|workflow_executions
    action_executions|cron_triggers|environments|event_triggers/* services`,
  messaging: `queues/*/messages|claims/* queues/*/metadata|stats|share|purge queues/*/subscriptions/*/confirm
    pools|flavors/* health ping`,
  optimization: `audits|audit_templates|actions|action_plans|goals|scoring_engines|services|strategies/detail
    audits|audit_templates|goals|scoring_engines|webhooks/* action_plans/*/start strategies/*/state data_model`,
  instanceHa: 'segments/*/hosts/* notifications|notification/*/vmoves/*',
  acceleration: `accelerator_requests|device_profiles|attributes/* deployables/*/program devices/*/enable|disable`,
  database: `instances|backups/detail instances/*/action|backups|configuration|root|log|ssl instances/*/databases/*
    instances/*/users/*/databases/* configurations/*/instances|parameters backup_strategies limits
    datastores/*/versions/*/parameters/* datastores/versions/*/parameters/* mgmt/instances/*/action|root
    mgmt/quotas|datastore-versions/* mgmt/datastores/versions/*/parameters/*`,
  clustering: `clusters/*/actions clusters/*/policies|attrs/* nodes/*/actions nodes/*/check profiles|policies|actions/*
    profile-types|policy-types/*/ops receivers/*/notify webhooks/*/trigger events/* build-info`,
  reservation: 'leases/* os-hosts/* hosts/*/allocation floatingips/*',
};

/** The APIs that have, or once had, `/{project_id}` between the version and the collection. */
const WITH_PROJECT = ['compute', 'volume', 'share', 'orchestration', 'database'];

/** Where the paths of every API begin, behind the version and, where there is one, the project. */
export const ROUTES: RouteNode = treeOf(Object.values(APIS));

/** The first words, in lower case, of APIs that may have `/{project_id}` before them. */
export const BEHIND_PROJECT: ReadonlySet<string> = new Set(
  WITH_PROJECT.flatMap((api) => [...treeOf([APIS[api]!]).words.keys()]),
);

function treeOf(apis: readonly string[]): RouteNode {
  const root: RouteNode = { words: new Map() };
  for (const route of apis.flatMap((api) => api.split(/\s+/))) addRoute(root, route.split('/'));
  return root;
}

/** Adds a route below a node, once for each combination of its alternatives. */
function addRoute(node: RouteNode, route: readonly string[]): void {
  const [alternatives, ...rest] = route;
  if (alternatives === undefined) return;
  for (const segment of alternatives.split('|')) addRoute(childOf(node, segment), rest);
}

function childOf(node: RouteNode, segment: string): RouteNode {
  if (segment === '*') {
    node.member ??= { words: new Map() };
    return node.member;
  }
  const word = segment.toLowerCase();
  const known = node.words.get(word) ?? { words: new Map() };
  node.words.set(word, known);
  return known;
}
