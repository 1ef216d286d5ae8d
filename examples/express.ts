import express from 'express';
import { createGuard, sessionOf } from '@symbolon/guard';
import { protect } from '@symbolon/guard/express';

const publicUrl = 'http://localhost:3000';
const guard = createGuard({ issuer: 'http://localhost:4080', audience: 'http://localhost:4081', publicUrl });
await guard.ready();

const app = express();
app.get('/orders', protect(guard, { scope: 'demo:read' }), (req, res) => {
  res.json({ orders: [], of: sessionOf(req).subject });
});
app.listen(3000);
