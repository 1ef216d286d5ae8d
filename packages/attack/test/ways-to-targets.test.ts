import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { attack } from '../src/attack.ts';
import { formsOf } from '../src/http/html-form.ts';
import type { Report } from '../src/report/report.ts';
import { weak } from './targets/all.ts';
import { standUp } from './targets/stand-up.ts';
import { strongServers } from './targets/strong-servers.ts';

const patience = { slow: 600, end: 300, again: [50] };

for (const [name, verdict] of [
  ['refresh-by-any-key', 'accepted'],
  ['strong-nonced-refresh', 'refused'],
] as const) {
  test(`ATTACK-31: at ${name}, which looks at nothing before its nonce, a refresh by another key is ${verdict}`, async () => {
    const report = await attackTarget(name, 'refresh/other-key');
    equal(report.results[0]?.verdict, verdict);
    const sent = report.results.flatMap(({ exchanges }) => exchanges).at(0);
    ok(sent?.reply.kind === 'answer' && !sent.reply.body.includes('use_dpop_nonce'));
  });
}

test('ATTACK-32: a target behind a private authority is attacked with its certificate, and is trouble without it', async () => {
  const target = demand('strong-cookie-tls');
  const standing = await standUp(target);
  const { ca = '', ...options } = standing.options;
  const only = ['web/set-cookie-secure', 'resources/framing-bare-line-feed'];
  const trusting = await attack({ ...options, ca, only, patience });
  const strange = await attack({ ...options, only, patience });
  standing.close();
  equal(trusting.trouble, undefined);
  deepEqual(
    trusting.results.map(({ verdict }) => verdict),
    ['refused', 'refused'],
  );
  match(strange.trouble ?? '', /--ca/);
});

test('ATTACK-33: a consent form is attacked only if, posted honestly, it brings a code', async () => {
  const weakly = await attackTarget('consent-of-anybody', 'authorize/consent-of-another-forged');
  equal(weakly.results[0]?.verdict, 'accepted');
  const standing = await standUp(demand('strong-desk'));
  const { application, ...options } = standing.options;
  ok(application !== undefined);
  const stranger = { ...application, cookie: 'desk=nobody' };
  const only = ['authorize/consent-'];
  const report = await attack({ ...options, application: stranger, only, patience });
  standing.close();
  equal(report.counts.skipped, report.results.length);
});

test('ATTACK-33: a form is read as a browser reads it', () => {
  const page = `<!-- <form method=post> --><script>"<form method='post'>"</script><FORM METHOD='post' action="/say?a=1&amp;b=2">
    <input type=hidden name=request value="a&quot;b&#x3c;"><input type="checkbox" name="keep" checked>
    <input type=checkbox name=not><input name=off value=1 disabled><button name="decision" value=">no">No</button>
    <button type=button name=help>Help</button><button name=decision value=yes>Allow it</button></FORM><input name=after value=1>`;
  deepEqual(formsOf(page, 'https://id.example/ask'), [
    {
      action: 'https://id.example/say?a=1&b=2',
      method: 'POST',
      fields: [
        ['request', 'a"b<'],
        ['keep', 'on'],
      ],
      buttons: [
        { name: 'decision', value: '>no', text: 'No' },
        { name: 'decision', value: 'yes', text: 'Allow it' },
      ],
    },
  ]);
});

test('ATTACK-33: whatever a page holds, at most 200 controls are read of it', () => {
  const piece = fc.constantFrom(
    '<form method=post>',
    '<input name=a value=1>',
    '<',
    '>',
    '"',
    "'",
    '<!--',
    '&#x41;',
    '</',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 600 }), (pieces) => {
      const forms = formsOf(pieces.join(''), 'https://id.example/');
      const controls = forms.reduce((sum, { fields, buttons }) => sum + fields.length + buttons.length, 0);
      ok(controls <= 200);
      for (const { action } of forms) ok(URL.canParse(action));
    }),
  );
  const [long] = formsOf(`<form>${'<input name=a>'.repeat(5000)}`, 'https://id.example/');
  equal(long?.fields.length, 200);
});

for (const [name, accepted] of [
  ['waits-for-ever', ['resources/slow-headers-held', 'resources/slow-body-held']],
  ['strong-against-slowness', []],
] as const) {
  test(`ATTACK-34: ${name} is judged by the limit that the tester names`, async () => {
    const report = await attackTarget(name, 'resources/slow-');
    deepEqual(
      report.results.filter(({ verdict }) => verdict === 'accepted').map(({ id }) => id),
      accepted,
    );
  });
}

test('ATTACK-34: without consent and without a limit no request is left unfinished', async () => {
  const { counts, results } = await attackTarget('strong-bearer', 'resources/slow-');
  equal(counts.skipped, 4);
  for (const { why } of results) match(why, /--hold|--destructive/);
});

function demand(name: string): (typeof weak)[number] {
  const target = [...weak, ...strongServers].find((each) => each.name === name);
  if (target === undefined) throw new TypeError(`no target is called ${name}`);
  return target;
}

async function attackTarget(name: string, only: string): Promise<Report> {
  const standing = await standUp(demand(name));
  try {
    return await attack({ ...standing.options, only: [only], patience });
  } finally {
    standing.close();
  }
}
