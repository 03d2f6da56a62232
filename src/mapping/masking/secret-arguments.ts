/**
 * Methods of OpenStack's projects that take secrets by position. Facts read in the projects' sources by
 * scripts/secret-arguments.mjs, which makes this file: do not edit it.
 */

/** By project, the methods by the position of their first secret parameter; `self` is at 0. */
export const SECRET_ARGUMENTS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  barbican: {
    1: `compute_hmac create_or_replace_from create_replace_user_metadata create_replace_user_metadatum
      delete_acls_for_secret delete_metadatum delete_secret get_by_secret_id get_by_values get_count
      get_metadata_for_secret store_secret verify_hmac`,
    2: `create_or_update_from get_secret`,
    4: `unwrap_key`,
    6: `generate_key`,
  },
  cinder: {
    1: `add_chap_secret update_bearer update_token visit_provisioner`,
    2: `create_chap_record create_target_user ensure_export initialize_connection set_access_token set_token
      visit`,
    3: `accept add_chap_by_target build_access_token create_cluster_peer create_export_snapshot
      get_active_zone_set get_zoning_status provisioner_post_request set_iscsi_chap_authentication
      set_password set_personality`,
    5: `add_target_init create_iscsi_target`,
  },
  glance: {
    1: `make_auth_plugin`,
  },
  heat: {
    2: `build_userdata create_for_tenant create_stack_user`,
    3: `create_stack_domain_user rebuild stack_domain_user_token`,
  },
  ironic: {
    2: `security_handshake set_image_auth validate_href`,
    3: `authenticate do_node_rescue`,
    4: `do_node_deploy generate_temp_url`,
    5: `heartbeat`,
    8: `fetch_image`,
  },
  keystone: {
    1: `authenticate authorize_request_token check_access_token check_client_key check_request_token
      check_revocation check_revocation_v3 check_token create_application_credential decrypt encrypt
      enforce fetch_token generate_id_and_issued_at get_access_token get_access_token_secret
      get_client_secret get_default_realms get_realms get_redirect_uri get_request_token
      get_request_token_secret get_rsa_key invalidate_individual_token_cache invalidate_request_token mint
      revoke_token save_access_token save_request_token save_verifier unpack validate_access_token
      validate_client_key validate_realms validate_redirect_uri validate_request_token
      validate_requested_realms validate_timestamp_and_nonce validate_token validate_verifier
      verify_realms verify_request_token`,
    2: `change_password create_credential delete_access_token get_connection list_events simple_bind_s
      update_credential`,
    12: `create_token`,
  },
  magnum: {
    2: `store_cert`,
  },
  manila: {
    1: `login set_password update_bearer update_token`,
    2: `add_AD_config create_application_credentials create_session delete_AD_config`,
    3: `accept create_cluster_peer delete_nas_server unjoin_domain`,
    4: `join_domain`,
    6: `create_barbican_kms_config_for_specified_vserver server_create`,
  },
  nova: {
    1: `delete_waiter get_connection_info get_ec2_item get_openstack_item handle_path wait`,
    2: `set_admin_password set_user_password validate`,
    3: `create_secret rebuild_instance rescue rescue_instance`,
    4: `rebuild spawn`,
    5: `build_instances evacuate schedule_and_build_instances`,
    6: `build_and_run_instance destroy`,
    8: `cleanup`,
    17: `create`,
  },
  octavia: {
    1: `build_user_data_config get_session`,
    3: `store_cert`,
    4: `generate_cert_key_pair`,
    9: `build`,
  },
  trove: {
    1: `build_root_user cluster_secure create_admin_user enable_root enable_root_with_password
      reset_admin_password store_admin_credentials store_admin_password`,
    2: `alter_user create_user enable_root_on_prepare`,
    9: `prepare`,
    10: `create_instance do_prepare post_prepare`,
  },
};
