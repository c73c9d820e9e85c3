#include <open62541/client.h>

/* Calls every service other than Write that could change a node, and says how it was answered. */
void try_node_services(UA_Client *client, UA_NodeId node);

/* Registers a server with the plant's, as with a discovery server. */
void try_registrations(UA_Client *client);
