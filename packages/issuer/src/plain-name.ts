/** One line of text, with nothing in it that is not seen. */
export const plainName = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u;
