import { registerHooks } from 'node:module';

// Preloaded where a process must behave as on a machine on which sodium-native was not installed.
registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === 'sodium-native') throw new Error('sodium-native is hidden from this process');
    return next(specifier, context);
  },
});
