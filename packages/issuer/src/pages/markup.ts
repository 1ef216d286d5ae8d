import { html } from 'hono/html';

export { html };

/** Markup in which every value from outside is escaped: made by `html` and by nothing else. */
export type Html = ReturnType<typeof html>;
