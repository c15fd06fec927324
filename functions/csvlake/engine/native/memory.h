/* What is used of the C library. Every process that loads the kernel has it, GNU's, musl or Apple's: so on Linux none
 * is linked, and no header of one is read. */
#ifndef CSVLAKE_MEMORY_H
#define CSVLAKE_MEMORY_H

#define memchr __builtin_memchr
#define memcmp __builtin_memcmp
#define memcpy __builtin_memcpy
#define memset __builtin_memset

#endif
