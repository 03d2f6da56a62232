import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findAnnouncement } from '../../../src/mapping/masking/announcements.js';
import { isSecretKey } from '../../../src/mapping/masking/mask.js';

const list = (text: string): string[] => text.trim().split(/\s+/);

const SECRET = list(`
  password PASSWORD Password passwd pass admin_pass admin_password adminPass adminpass ADMIN-PASS AdminPassword
  password_hash passwordHash hashed_password password1 password_1 password_hash_1_1 password_hash_m0
  nova_admin_password db-password OS_PASSWORD ipmi_password original_password user_password os-password
  --os-password new_pass rescue_pass rescuePass userpass sys_pswd db_pwd chap_password CHAPPASSWORD auth_password
  passphrase private_key_passphrase passcode
  secret SECRET client_secret clientSecret consumer_secret SECRET_KEY secret_hash metadata_proxy_shared_secret
  approle_secret_id application_credential_secret secret_data
  token auth_token authToken authtoken x-auth-token X-Auth-Token X-Subject-Token x_service_token token_id tokenId
  subject_token access_token refreshToken OAuthToken csrftoken token_value token_data token_1 tokens auth_tokens
  X-Amz-Security-Token fernet fernet_key fernetkey fernet_token
  auth authorization Authorization Proxy-Authorization provider_auth http_auth auth_data auth_header authorization_code
  credential credentials Credentials creds keystone_credential X-Amz-Credential
  private_key privateKey ssl_key sslkey api_key apikey apiKey X-Api-Key access_key accessKey access_key_id
  AWSAccessKeyId hmac_key hmac_keys encryption_key auth_encryption_key encrypted_key signing_key ssh_key
  migrationsshkey octaviaheartbeatkey designaterndckey pacemakerremoteauthkey heatauthencryptionkey cephclientkey
  cephmonkey cephrgwkey cephclusterfsid barbicansimplecryptokek swifthashsuffix swift_hash_path_suffix temp_url_key
  X-Account-Meta-Temp-Url-Key-2 cephmanilaclientkey rabbitcookie kek psk
  user_data userData userdata user-data user_data_base64 configdrive injected_files personality
  cookie Cookie Set-Cookie cookies blob encrypted_blob blob_encrypted key_hash jwt bearer otp
  secret_uuid secretUuid encryption_secret_uuid
  swift_store_key fixed_key dns_passkey hdfs_ssh_pw maprfs_ssh_pw backup_swift_key backup_aes_cbc_key
  backup_s3_sse_customer_key snmp_community ipmi_hex_kg_key keyring ca_key payload cypher_text Openstack-Auth-Receipt
  pin simPin client-key-data chpasswd
  context.auth_token db.password.1`);

const PLAIN = list(`
  key keys key_name keyName keypair keypairs KeyPairList key_data key_1 public_key publicKey ssh_public_key primary_key
  foreign_key sort_key routing_key cache_key primary_keys_1 authorized_keys monkey keystone keyword
  token_flavor token_count tokenCount token_type token_expires_at max_tokens token_provider tokenizer tokenize
  password_expires_at passwordExpiresAt password_created_at password_length password_regex passwordless bypass compass
  passed passive passengers is_password_set has_secret
  secret_ref secret_href secret_type secret_name secretary secretariat
  encryption_key_id encryption_format encryption_options encrypted ephemeral_key_uuid
  is_admin author author_id authority authors auth_url authUrl auth_type auth_method auth_methods auth_uri auth_strategy
  failed_auth_count failed_auth_at authenticated authenticator no_auth
  user_id user_name username user user_domain_id domain_id project_id application_credential_id credential_id
  credential_type config_drive os_hash_value os_hash_algo checksum name id uuid status signature sig
  private_key_path private_key_file password_file token_url cookie_name api_key_id description hotplug
  _ - . 1 a 123`);

test('keys that hold secrets are known in any case, with dashes, underscores, camelCase and numbers', () => {
  assert.deepEqual(
    SECRET.filter((key) => !isSecretKey(key)),
    [],
  );
});

test('keys that only sound like secrets are not', () => {
  assert.deepEqual([...PLAIN, ''].filter(isSecretKey), []);
});

test('the search finds every secret key, so that none is missed in a text', () => {
  assert.deepEqual(
    SECRET.filter((key) => findAnnouncement(key, 0) === undefined),
    [],
  );
});

test('a random key is judged alike in other spellings, and the search finds it when it is secret', () => {
  const parts = [...new Set(SECRET.flatMap((key) => key.toLowerCase().split(/[^a-z]+/)))].filter(
    (w) => w !== '',
  );
  const word = fc.constantFrom(...parts, 'nova', 'admin', 'user', 'name', 'at', 'count', 'x', 'my');
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      const snake = words.join('_');
      const secret = isSecretKey(snake);
      assert.equal(isSecretKey(words.join('-')), secret);
      assert.equal(isSecretKey(snake.toUpperCase()), secret);
      if (secret) assert.notEqual(findAnnouncement(snake, 0), undefined, snake);
    }),
    { seed: 20, numRuns: 2_000 },
  );
});

test('very long and ever new keys are judged too', () => {
  assert.equal(isSecretKey(`${'x'.repeat(1_000_000)}_password`), true);
  assert.equal(isSecretKey('x'.repeat(1_000_000)), false);
  for (let n = 0; n < 10_000; n++) assert.equal(isSecretKey(`a${n}_password`), true);
});
