/**
 * An application that renders its pages and signs people in at the issuer that `npm start` runs:
 *
 *     npm run symbolon -- client add web-app --kind web --title 'Web example' --scope demo:read \
 *       --generate .symbolon/web-app.jwk.json --redirect-uri http://localhost:3001/back
 *     npm run example examples/web-app.ts
 *
 * Then open http://localhost:3001.
 */
import express from 'express';
import { fileKey, fileSealingKeys } from '@symbolon/holder/node';
import { createWebSessions } from '@symbolon/holder/web';
import { route, webSessionOf, webSessions } from '@symbolon/holder/web/express';

const api = 'http://localhost:4081';
const key = await fileKey('.symbolon/web-app.jwk.json');
const web = createWebSessions({
  issuer: 'http://localhost:4080',
  audience: api,
  clientId: 'web-app',
  redirectUri: 'http://localhost:3001/back',
  key,
  clientKey: key,
  sealingKeys: await fileSealingKeys('.symbolon/web-app-sealing.json'),
});

const app = express();
app.get(
  '/sign-in',
  route(() => web.signIn({ returnTo: '/' })),
);
app.get(
  '/back',
  route(async (request) => (await web.finishSignIn(request)).response),
);
app.post(
  '/sign-out',
  route(async (request) => (await web.signOut(request)).response),
);

app.use(webSessions(web));
app.get('/', (req, res) => {
  const signedIn = `<a href="/me">What the API says of you</a>
    <form method="post" action="/sign-out"><button>Sign out</button></form>`;
  const page = webSessionOf(req) === undefined ? '<a href="/sign-in">Sign in</a>' : signedIn;
  res.send(`<!doctype html><title>Web example</title><h1>Web example</h1>${page}`);
});
app.get('/me', async (req, res) => {
  const session = webSessionOf(req);
  if (session === undefined) {
    res.redirect(303, '/sign-in');
    return;
  }
  const answer = await session.fetch(`${api}/me`);
  res.status(answer.status).json(await answer.json());
});
app.listen(3001, () => {
  console.log('http://localhost:3001');
});
