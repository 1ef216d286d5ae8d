import type { CDPSession } from 'playwright-core';

/** A page whose scripts stand still between two statements, as all do when a laptop sleeps or a tab is frozen. */
export interface StoppedPage {
  /** Changes what stands in the page while it sleeps: its clock. */
  readonly evaluate: (expression: string) => Promise<unknown>;
  readonly wake: () => Promise<void>;
}

/**
 * Stops the scripts of a page by its debugger: a Chromium without a screen takes every page for a visible one, and freezes
 * none of these.
 */
export async function stopPage(cdp: CDPSession): Promise<StoppedPage> {
  await cdp.send('Debugger.enable');
  const paused = new Promise<string>((resolve) => {
    cdp.once('Debugger.paused', ({ callFrames }) => {
      resolve(callFrames[0]?.callFrameId ?? '');
    });
  });
  await cdp.send('Debugger.pause');
  // It stops at the next statement, which is this one if no other comes first.
  const reached = cdp.send('Runtime.evaluate', { expression: 'void 0' });
  const callFrameId = await paused;
  return {
    evaluate: (expression) => cdp.send('Debugger.evaluateOnCallFrame', { callFrameId, expression }),
    wake: async () => {
      await cdp.send('Debugger.disable');
      await reached;
    },
  };
}
