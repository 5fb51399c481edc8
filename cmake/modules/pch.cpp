// Only there to own the precompiled headers.
