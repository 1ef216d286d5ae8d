import type { Command } from 'commander';
import { exitCodes } from '../exit.ts';
import { inspectAssertion } from '../inspect/assertion.ts';
import { withEvidence, type Evidence } from '../inspect/evidence.ts';
import { explain, verdictOf, type SessionState } from '../inspect/explanation.ts';
import type { Finding } from '../inspect/ladder.ts';
import { inspectProof } from '../inspect/proof.ts';
import { inspectRefreshToken } from '../inspect/refresh-token.ts';
import { inspectSessionToken } from '../inspect/session-token.ts';
import { findText, readStatement, stated, type Statement } from '../inspect/statement.ts';
import type { Output } from '../output.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';
import { readStdin } from '../stdin.ts';
import { seconds } from '../times.ts';

interface Options extends CommonOptions {
  readonly issuer?: string;
  readonly jwks?: string;
  readonly audience?: string;
}

/** `symbolon inspect`: every part and every check of a token, explained. */
export function addInspect(program: Command): void {
  const command = program
    .command('inspect [token]')
    .description('explain every part and every check of a session token, proof, assertion or refresh token')
    .option('--issuer <url>', 'hold it against the key set that this issuer publishes')
    .option('--jwks <file>', 'hold it against the key set in this file; nothing is fetched')
    .option('--audience <url>', 'the audience that a guard would expect');
  withCommonOptions(command)
    .addHelpText('after', examples)
    .action(action((output, self) => inspect(output, { word: self.args[0], ...self.opts<Options>() })));
}

const examples = `
Without a token, or for "-", it is read from stdin, where it is seen by no list of processes. It is sent nowhere: only
a key set is ever fetched. Exits with 1 if a check refuses it.

Examples:
  $ symbolon token | symbolon inspect
  $ symbolon inspect --issuer https://issuer.example.com --audience https://api.example.com < token.txt
  $ symbolon inspect --jwks keys.json --json < token.txt`;

async function inspect(output: Output, options: Options & { word: string | undefined }): Promise<void> {
  const statement = readStatement(findText(await readInput(options.word)));
  const now = Date.now() / 1000;
  const { data, issuer, jwks } = options;
  const statedIssuer = stated(statement.payload, statement.kind === 'assertion' ? 'aud' : 'iss');
  const where = {
    statedIssuer,
    ...(data === undefined ? {} : { data }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(jwks === undefined ? {} : { jwks }),
  };
  await withEvidence(where, async (evidence) => {
    const findings = await judge(statement, { evidence, audience: options.audience, now });
    const session = await sessionAt(evidence, { statement, findings });
    const verdict = verdictOf(findings);
    output.result(
      {
        kind: statement.kind,
        verdict,
        header: statement.header,
        payload: statement.payload,
        checks: findings,
        session,
      },
      () =>
        explain(statement, {
          findings,
          session,
          verdict,
          now,
          from: 'from' in evidence ? evidence.from : 'nothing',
        }),
    );
    if (verdict === 'refused') process.exitCode = exitCodes.refused;
  });
}

function judge(
  statement: Statement,
  options: { evidence: Evidence | { missing: string }; audience: string | undefined; now: number },
): Promise<readonly Finding[]> {
  switch (statement.kind) {
    case 'session token':
      return inspectSessionToken(statement, options);
    case 'refresh token':
      return inspectRefreshToken(statement, options);
    case 'proof':
      return inspectProof(statement, options.now);
    case 'assertion':
      return inspectAssertion(statement, options);
  }
}

/** What the issuer's own store says of the session, where it is at hand: no guard asks for that. */
async function sessionAt(
  evidence: Evidence | { missing: string },
  { statement, findings }: { statement: Statement; findings: readonly Finding[] },
): Promise<SessionState | undefined> {
  const isOurs = statement.kind === 'session token' || statement.kind === 'refresh token';
  const sid = isOurs ? stated(statement.payload, 'sid') : undefined;
  const isSigned = findings.some(({ check, result }) => check === 'signature' && result === 'ok');
  const row =
    'missing' in evidence || sid === undefined || !isSigned ? null : await evidence.findSession(sid);
  if (row === null) return undefined;
  const { alive, endedAt, endReason, generation } = row;
  return { alive, ended_at: endedAt === null ? null : seconds(endedAt), end_reason: endReason, generation };
}

async function readInput(word: string | undefined): Promise<string> {
  if (word !== undefined && word !== '-') return word;
  const text = await readStdin('a token');
  if (text.trim() === '') throw new TypeError('nothing came in on stdin, expected a token');
  return text;
}
