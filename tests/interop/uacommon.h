#include <open62541/client.h>

/* Says what went wrong, on standard error, and ends the program. */
void die(const char *what);

/* The same, unless a status is good. */
void check(UA_StatusCode status, const char *what);

/* Connects, as a viewer, or with an account, or with a certificate as well; prints the status.
   The words are ENDPOINT [USER PASSWORD [CERTIFICATE KEY MODE]]; an empty USER is a viewer, and
   MODE is Sign or SignAndEncrypt, by Basic256Sha256. */
UA_Client *connect_as(int count, char **words, UA_StatusCode *status);

/* UA_Client_disconnect does the same, and then sleeps for 0.1 s. */
void leave(UA_Client *client);

/* Prints one value as JSON. */
void print_json(const UA_Variant *value);
