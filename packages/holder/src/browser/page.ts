/** What a holder does with the page it runs in. */
export interface Page {
  /** The address of the page now. */
  readonly address: () => string;
  /** Leaves for another address. */
  readonly leaveFor: (url: string) => void;
  /** Writes another address over this one in the page's history, without loading it. */
  readonly rename: (url: string) => void;
  /** Opens a window of its own; undefined where the browser does not allow it now. */
  readonly openWindow: () => PopupWindow | undefined;
  /** Closes the page, if it is a window that a script has opened. */
  readonly close: () => void;
}

/** A window that was opened for the person to prove presence. */
export interface PopupWindow {
  readonly leaveFor: (url: string) => void;
  readonly close: () => void;
}

/** The page that this script runs in. */
export function thisPage(): Page {
  return {
    address: () => globalThis.location.href,
    leaveFor: (url) => {
      globalThis.location.assign(url);
    },
    rename: (url) => {
      globalThis.history.replaceState(globalThis.history.state, '', url);
    },
    openWindow: () => {
      const opened = globalThis.open('about:blank', '_blank', 'popup,width=480,height=680');
      if (opened === null) return undefined;
      return {
        leaveFor: (url) => {
          opened.location.replace(url);
        },
        close: () => {
          opened.close();
        },
      };
    },
    close: () => {
      globalThis.close();
    },
  };
}
