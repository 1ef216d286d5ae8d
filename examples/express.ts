import express from 'express';
import { createGuard, sessionOf } from '@symbolon/guard';
import { protect } from '@symbolon/guard/express';

const at = { issuer: 'http://localhost:4080', audience: 'http://localhost:4081' };
const guard = createGuard({ ...at, publicUrl: 'http://localhost:3000', staleFeed: 'refuse' });
await guard.ready();

const app = express();
app.get('/orders', protect(guard, { scope: 'demo:read' }), (req, res) => {
  res.json({ orders: [], of: sessionOf(req).subject });
});
app.listen(3000, () => {
  console.log('http://localhost:3000/orders');
});
