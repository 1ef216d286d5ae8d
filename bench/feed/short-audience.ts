/** An audience whose tokens live as short as an issuer of ours lets them. */
export const shortAudience = 'https://short.example.com';
/** How long these live, in seconds. */
export const shortLife = 10;
