/** Sends the answer on, which only waits for whoever has scripts off. */
document.querySelector('form').submit();
