-- W3C Trace Context to osprofiler's signed headers, for Apache's mod_lua. osprofiler.conf uses it; ../README.md explains it.

-- The group of the web server reads this file; see ../README.md.
local KEY_FILE = '/etc/apache2/osprofiler.key'
-- X-Trace-* of a client: false drops them. true passes them; then they win, and its traceparent is not looked at.
local PASS_OWN = false
local NEVER = { ['/healthcheck'] = true }
-- Traced requests a second, in each process of Apache. What is over the limit goes on without a trace.
local MOST_OF_CLIENT, MOST_OF_ALL = 5, 50

local HEX = '[0-9a-f]'
local TRACEPARENT = '^00%-(' .. HEX:rep(32) .. ')%-(' .. HEX:rep(16) .. ')%-' .. HEX .. '[13579bdf]$'
local BLOCK = 64
local key

function osprofiler(r)
  local has_own = false
  for name in pairs(r:headers_in_table()) do
    if name:lower():find('^x[-_]trace[-_]') then
      has_own = true
      if not PASS_OWN then r.headers_in[name] = nil end
    end
  end
  if has_own and PASS_OWN then return apache2.DECLINED end
  local trace, span = (r.headers_in['traceparent'] or ''):match(TRACEPARENT)
  if trace == nil or trace:find('^0+$') or span:find('^0+$') or NEVER[r.uri] then return apache2.DECLINED end
  key = key or read_key(r)
  if key == nil or not admits(r) then return apache2.DECLINED end
  -- base_id is the trace id. The low half of parent_id is the span id; its high half is not that of the trace id.
  local high = trace:find('^' .. ('0'):rep(16)) and ('f'):rep(16) or ('0'):rep(16)
  local info = r:base64_encode(('{"base_id":"%s","parent_id":"%s"}'):format(uuid(trace), uuid(high .. span)))
  r.headers_in['X-Trace-Info'] = info
  r.headers_in['X-Trace-HMAC'] = hmac(r, info)
  return apache2.DECLINED
end

function uuid(hex)
  return (hex:gsub('^(........)(....)(....)(....)', '%1-%2-%3-%4-'))
end

-- A number for each of 4,096 groups of clients: the second, and how many were traced in it.
function admits(r)
  local client = 'osprofiler-' .. r:sha1(r.useragent_ip):sub(1, 3)
  local mine, all = count(r, client), count(r, 'osprofiler')
  if mine >= MOST_OF_CLIENT or all >= MOST_OF_ALL then return false end
  r:ivm_set(client, os.time() * 1000 + mine + 1)
  r:ivm_set('osprofiler', os.time() * 1000 + all + 1)
  return true
end

function count(r, name)
  local kept = math.tointeger(r:ivm_get(name) or 0)
  return kept // 1000 == os.time() and kept % 1000 or 0
end

-- HMAC-SHA1: RFC 2104.
function hmac(r, text)
  local function pad(byte)
    return (key:gsub('.', function(each) return string.char(each:byte() ~ byte) end))
  end
  return r:sha1(pad(0x5c) .. bytes(r:sha1(pad(0x36) .. text)))
end

function bytes(hex)
  return (hex:gsub('..', function(two) return string.char(tonumber(two, 16)) end))
end

function read_key(r)
  local file, problem = io.open(KEY_FILE)
  if file == nil then return r:err('osprofiler: no request is traced: ' .. problem) end
  local secret = file:read('l')
  file:close()
  if #secret > BLOCK then secret = bytes(r:sha1(secret)) end
  return secret .. ('\0'):rep(BLOCK - #secret)
end
