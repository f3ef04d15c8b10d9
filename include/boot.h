#ifndef WB_BOOT_H
#define WB_BOOT_H

/* The only module that knows all others: subcommands, the object graph, shutdown. Returns the exit
 * status. */
int boot_main(int argc, char **argv);

#endif
