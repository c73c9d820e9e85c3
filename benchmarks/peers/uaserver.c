/* A foreign OPC UA server, on open62541: PORT COUNT CHANGE_MS MAX_NODES_PER_READ [PASSWORD], on
   loopback.

   It has COUNT doubles, i=1 and up in the namespace urn:handwheel:peer, each of them its own number
   at first; with a CHANGE_MS all of them count up, one in each of these. Beside them stands one
   node of each type, by its name, such as s=Int16; with a PASSWORD they can be written, and the
   user `gate` logs in with it. It says "ready" once it serves, deletes the
   node that a line of its input names, and ends with its input. */

#include <open62541/plugin/accesscontrol_default.h>
#include <open62541/server.h>
#include <open62541/server_config_default.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define SET(name, TYPE, ...) \
    set(#name, &(UA_##name){__VA_ARGS__}, &UA_TYPES[UA_TYPES_##TYPE], UA_STATUSCODE_GOOD)

static UA_Server *server;
static UA_UInt16 space;
static volatile UA_Boolean running = true;
static UA_UInt32 count;
static UA_Double moved;
static UA_Byte rights = UA_ACCESSLEVELMASK_READ;

static void check(UA_StatusCode status, const char *what) {
    if (status != UA_STATUSCODE_GOOD) {
        fprintf(stderr, "uaserver: %s: %s\n", what, UA_StatusCode_name(status));
        exit(2);
    }
}

static void quiet(void *context, UA_LogLevel level, UA_LogCategory category, const char *text,
                  va_list arguments) {
    (void)context, (void)level, (void)category, (void)text, (void)arguments;
}

/* Stamps it now: a value without a source time would get the time of the read. */
static void put(UA_NodeId id, const UA_Variant *value, UA_StatusCode status) {
    UA_DataValue whole = {.value = *value,
                          .status = status,
                          .sourceTimestamp = UA_DateTime_now(),
                          .hasValue = true,
                          .hasStatus = true,
                          .hasSourceTimestamp = true};
    check(UA_Server_writeDataValue(server, id, whole), "write");
}

static void add(UA_NodeId id, char *name, const UA_Variant *value, UA_StatusCode status) {
    UA_VariableAttributes attributes = UA_VariableAttributes_default;
    attributes.value = *value;
    attributes.dataType = value->type->typeId;
    attributes.valueRank = UA_VALUERANK_ANY;
    attributes.accessLevel = rights;
    check(UA_Server_addVariableNode(server, id, UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER),
                                    UA_NODEID_NUMERIC(0, UA_NS0ID_ORGANIZES),
                                    UA_QUALIFIEDNAME(space, name),
                                    UA_NODEID_NUMERIC(0, UA_NS0ID_BASEDATAVARIABLETYPE),
                                    attributes, NULL, NULL),
          name);
    put(id, value, status);
}

static void set(char *name, void *scalar, const UA_DataType *type, UA_StatusCode status) {
    UA_Variant value;
    UA_Variant_setScalar(&value, scalar, type);
    add(UA_NODEID_STRING(space, name), name, &value, status);
}

static void set_array(char *name, void *first, size_t length, const UA_DataType *type,
                      UA_UInt32 rows) {
    UA_UInt32 dimensions[] = {rows, (UA_UInt32)length / (rows ? rows : 1)};
    UA_Variant value;
    UA_Variant_setArray(&value, first, length, type);
    if (rows) {
        value.arrayDimensions = dimensions;
        value.arrayDimensionsSize = 2;
    }
    add(UA_NODEID_STRING(space, name), name, &value, UA_STATUSCODE_GOOD);
}

static void add_scalars(void) {
    SET(Boolean, BOOLEAN, true);
    SET(SByte, SBYTE, -128);
    SET(Byte, BYTE, 255);
    SET(Int16, INT16, -32768);
    SET(UInt16, UINT16, 65535);
    SET(Int32, INT32, INT32_MIN);
    SET(UInt32, UINT32, UINT32_MAX);
    SET(Int64, INT64, INT64_MIN);
    SET(UInt64, UINT64, UINT64_MAX);
    SET(Float, FLOAT, 0.1f);
    SET(Double, DOUBLE, 0.1);
    UA_String text = UA_STRING("Grüße");
    set("String", &text, &UA_TYPES[UA_TYPES_STRING], UA_STATUSCODE_GOOD);
    UA_LocalizedText words = UA_LOCALIZEDTEXT("en", "words");
    set("LocalizedText", &words, &UA_TYPES[UA_TYPES_LOCALIZEDTEXT], UA_STATUSCODE_GOOD);
    UA_ByteString bytes = UA_BYTESTRING("bytes");
    set("ByteString", &bytes, &UA_TYPES[UA_TYPES_BYTESTRING], UA_STATUSCODE_GOOD);
    SET(DateTime, DATETIME, 0);
    SET(Guid, GUID, 1, 2, 3, {4});
    UA_ServerState mode = UA_SERVERSTATE_RUNNING;
    set("Mode", &mode, &UA_TYPES[UA_TYPES_SERVERSTATE], UA_STATUSCODE_GOOD);
}

static void add_doubtful(void) {
    UA_Double number = 7.0, none = 0.0 / 0.0, endless = 1.0 / 0.0;
    const UA_DataType *type = &UA_TYPES[UA_TYPES_DOUBLE];
    set("Bad", &number, type, UA_STATUSCODE_BADSENSORFAILURE);
    set("Uncertain", &number, type, UA_STATUSCODE_UNCERTAINSENSORNOTACCURATE);
    set("Overridden", &number, type, UA_STATUSCODE_GOODLOCALOVERRIDE);
    set("NaN", &none, type, UA_STATUSCODE_GOOD);
    set("Infinity", &endless, type, UA_STATUSCODE_GOOD);
    set("Vanishing", &number, type, UA_STATUSCODE_GOOD);
}

static void add_arrays(void) {
    UA_Double profile[] = {0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5};
    UA_Int32 matrix[] = {11, 12, 13, 21, 22, 23};
    UA_Boolean bits[] = {true, false, true};
    UA_String texts[] = {UA_STRING("a"), UA_STRING("b")};
    set_array("Profile", profile, COUNT_OF(profile), &UA_TYPES[UA_TYPES_DOUBLE], 0);
    set_array("Matrix", matrix, COUNT_OF(matrix), &UA_TYPES[UA_TYPES_INT32], 2);
    set_array("Bits", bits, COUNT_OF(bits), &UA_TYPES[UA_TYPES_BOOLEAN], 0);
    set_array("Texts", texts, COUNT_OF(texts), &UA_TYPES[UA_TYPES_STRING], 0);
    set_array("Empty", UA_EMPTY_ARRAY_SENTINEL, 0, &UA_TYPES[UA_TYPES_DOUBLE], 0);
}

static void add_numbers(void) {
    for (UA_UInt32 each = 1; each <= count; each++) {
        UA_Double number = each;
        UA_Variant value;
        UA_Variant_setScalar(&value, &number, &UA_TYPES[UA_TYPES_DOUBLE]);
        add(UA_NODEID_NUMERIC(space, each), "number", &value, UA_STATUSCODE_GOOD);
    }
}

static void change(UA_Server *which, void *context) {
    (void)which, (void)context;
    moved += 1.0;
    for (UA_UInt32 each = 1; each <= count; each++) {
        UA_Double number = each + moved;
        UA_Variant value;
        UA_Variant_setScalar(&value, &number, &UA_TYPES[UA_TYPES_DOUBLE]);
        put(UA_NODEID_NUMERIC(space, each), &value, UA_STATUSCODE_GOOD);
    }
}

static void obey(UA_Server *which, void *context) {
    (void)context;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char line[100];
    if (poll(&input, 1, 0) <= 0)
        return;
    ssize_t length = read(STDIN_FILENO, line, sizeof line - 1);
    if (length <= 0) {
        running = false;
        return;
    }
    line[length] = '\0';
    line[strcspn(line, "\n")] = '\0';
    check(UA_Server_deleteNode(which, UA_NODEID_STRING(space, line), true), line);
}

static void configure(UA_ServerConfig *config, int port, UA_UInt32 most) {
    static UA_Logger silence = {quiet, NULL, NULL};
    static char url[50];
    config->logging = &silence;
    check(UA_ServerConfig_setMinimal(config, (UA_UInt16)port, NULL), "configuration");
    snprintf(url, sizeof url, "opc.tcp://127.0.0.1:%d", port);
    UA_String_clear(&config->serverUrls[0]);
    config->serverUrls[0] = UA_STRING_ALLOC(url);
    config->maxNodesPerRead = most;
    config->publishingIntervalLimits.min = 5.0;
    config->samplingIntervalLimits.min = 5.0;
}

static void admit(UA_ServerConfig *config, char *password) {
    UA_UsernamePasswordLogin login = {UA_STRING("gate"), UA_STRING(password)};
    rights |= UA_ACCESSLEVELMASK_WRITE;
    config->allowNonePolicyPassword = true;
    config->accessControl.clear(&config->accessControl);
    check(UA_AccessControl_default(config, true, NULL, 1, &login), "accounts");
}

int main(int words, char **word) {
    if (words != 5 && words != 6)
        return 2;
    UA_ServerConfig config;
    memset(&config, 0, sizeof config);
    configure(&config, atoi(word[1]), (UA_UInt32)atoi(word[4]));
    if (words == 6)
        admit(&config, word[5]);
    server = UA_Server_newWithConfig(&config);
    space = UA_Server_addNamespace(server, "urn:handwheel:peer");
    count = (UA_UInt32)atoi(word[2]);
    add_scalars();
    add_doubtful();
    add_arrays();
    add_numbers();
    check(UA_Server_run_startup(server), "startup");
    check(UA_Server_addRepeatedCallback(server, obey, NULL, 50.0, NULL), "input");
    if (atoi(word[3]))
        check(UA_Server_addRepeatedCallback(server, change, NULL, atoi(word[3]), NULL), "changes");
    printf("ready\n");
    fflush(stdout);
    while (running)
        UA_Server_run_iterate(server, true);
    UA_Server_run_shutdown(server);
    UA_Server_delete(server);
    return 0;
}
