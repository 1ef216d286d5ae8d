import { attacks, type Attack } from '../../attack-row.ts';
import { openJws } from '../../forge.ts';
import { Missing } from '../../run/verdict.ts';

/** Keys that an issuer has taken out of its key set. */
export const formerKeys: readonly Attack[] = attacks(
  {
    family: 'keys',
    needs: ['formerToken', 'keys'],
    maps: { asvs50: ['9.1.3', '11.1.1'], rfc8725bis: ['3.10'], cwe: ['CWE-324', 'CWE-672'] },
    why: 'A key is taken out of the key set because somebody else may have it: with it he signs on, for anybody.',
    fix: 'Forget keys that are no longer published when the key set is fetched anew, and fetch it as often as it says.',
  },
  [
    {
      name: 'former-key',
      title: 'a token whose key has left the key set since it was signed',
      run: (lab) => {
        const token = lab.formerToken();
        const kid = openJws(token)?.header['kid'];
        const isPublished = lab.keys.some((key) => (key as { readonly kid?: unknown }).kid === kid);
        if (kid === undefined || isPublished)
          throw new Missing('formerToken', 'the key of that token is still published, or it names none');
        return lab.present(token);
      },
    },
  ],
);
