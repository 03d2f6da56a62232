// W3C Trace Context to osprofiler's signed headers, for njs 0.7 or newer. osprofiler.conf uses it; ../README.md explains it.
// biome-ignore lint/style/useNodejsImportProtocol: njs knows the module by this name.
import crypto from 'crypto';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f][13579bdf]$/;
const ZEROS = /^0+$/;

// The request's traceparent when there is exactly one, valid and sampled, and nothing of the client's own is passed.
function sampled(r) {
  if (own(r, 'X-Trace-Info') !== '') return '';
  const given = r.rawHeadersIn.filter((header) => header[0].toLowerCase() === 'traceparent');
  const parts = given.length === 1 ? TRACEPARENT.exec(given[0][1]) : null;
  return parts === null || ZEROS.test(parts[1]) || ZEROS.test(parts[2]) ? '' : parts[0];
}

function info(r) {
  if (r.variables.osprofiler_traced !== '1') return own(r, 'X-Trace-Info');
  const parts = TRACEPARENT.exec(r.variables.osprofiler_sampled);
  // base_id is the trace id. The low half of parent_id is the span id; its high half is not that of the trace id.
  const high = parts[1].startsWith('0000000000000000') ? 'ffffffffffffffff' : '0000000000000000';
  const json = JSON.stringify({ base_id: uuid(parts[1]), parent_id: uuid(high + parts[2]) });
  return Buffer.from(json).toString('base64');
}

function hmac(r) {
  if (r.variables.osprofiler_traced !== '1') return own(r, 'X-Trace-HMAC');
  return crypto
    .createHmac('sha1', r.variables.osprofiler_key)
    .update(r.variables.osprofiler_info)
    .digest('hex');
}

function own(r, name) {
  return (r.variables.osprofiler_own === 'pass' && r.headersIn[name]) || '';
}

function uuid(hex) {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export default { sampled, info, hmac };
