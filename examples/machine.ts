import { createMachine } from '@symbolon/holder';
import { fileKey } from '@symbolon/holder/node';

const key = await fileKey('.symbolon/demo-client.jwk.json');
const at = { issuer: 'http://localhost:4080', audience: 'http://localhost:4081' };
const machine = createMachine({ ...at, clientId: 'demo', key, allowedOrigins: ['http://localhost:3000'] });
const response = await machine.fetch('http://localhost:3000/orders');
console.log(response.status, await response.json());
