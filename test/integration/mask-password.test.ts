/** Masking against the real `mask_password` of oslo.utils, as Debian packages it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskText } from '../../src/mapping/masking/mask.js';
import { askPython } from './python.js';

const SECRET = 'Zq9TL0EfN33Wx7';

/** Prints the texts, made of each of its keys in each form, in which mask_password hides the secret. */
const PROGRAM = `
import json
from oslo_utils import strutils
forms = ["'{k}': '{s}'", '"{k}": "{s}"', "{k}={s}", "{k} = '{s}'", '{k} = "{s}"', "--{k} {s}", "<{k}>{s}</{k}>",
         "<{k}>\\n {s}\\n</{k}>", "{k} '{s}'", "u'{k}': u'{s}'", "'{k}', '-v', '{s}'", "{k} -v {s}", "{k} --value {s}",
         "'x{k}' : '{s}'", "'{k}','--password','{s}'", "'a.{k}' : \\"{s}\\""]
texts = []
for key in strutils._SANITIZE_KEYS:
    for prefix in ('', 'nova_', 'x-', 'os_', 'original_', 'my'):
        for digits in ('', '1', '12'):
            for name in (prefix + key + digits, (prefix + key + digits).upper()):
                texts += ['before ' + form.format(k=name, s='${SECRET}') + ' after' for form in forms]
print(json.dumps([text for text in texts if '${SECRET}' not in strutils.mask_password(text)]))
`;

test('whatever mask_password of oslo.utils hides does not leave', () => {
  const hidden = askPython(PROGRAM, null) as string[];
  assert.ok(hidden.length > 10_000, String(hidden.length));
  assert.deepEqual(
    hidden.filter((text) => maskText(text).includes(SECRET)),
    [],
  );
});
