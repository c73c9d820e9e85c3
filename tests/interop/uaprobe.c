/* A foreign OPC UA client, on open62541: obeys the commands on standard input, an answer a line.

     browse NODE                     every node that any references lead to: NODE CLASS, then a dot
     read NODE ATTRIBUTE             STATUS TYPE JSON
     nudge NODE ATTRIBUTE            reads, alters, writes: STATUS
     write NODE ATTRIBUTE TYPE JSON  STATUS
     sample NODE NODE ...            reads their values in one request: JSON JSON ...

   Words are separated by tabs. The first line of the output is the status of the connection. */

#include "uacommon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NODES 20000
#define BATCH 200
#define MAX_SAMPLE 500

static UA_Client *client;
static UA_NodeId nodes[MAX_NODES];
static UA_NodeClass classes[MAX_NODES];
static UA_UInt32 hashes[MAX_NODES];
static size_t node_count;

static void print_node(const UA_NodeId *id) {
    UA_String text = UA_STRING_NULL;
    check(UA_NodeId_print(id, &text), "printing a node id");
    printf("%.*s", (int)text.length, (char *)text.data);
    UA_String_clear(&text);
}

static UA_NodeId parse_node(char *text) {
    UA_NodeId id;
    check(UA_NodeId_parse(&id, UA_STRING(text)), text);
    return id;
}

static const UA_DataType *type_named(const char *name) {
    for (size_t i = 0; i < UA_TYPES_COUNT; i++)
        if (strcmp(UA_TYPES[i].typeName, name) == 0)
            return &UA_TYPES[i];
    die(name);
    return NULL;
}

/* ---- browse ---- */

static void add_node(const UA_NodeId *id, UA_NodeClass class) {
    UA_UInt32 hash = UA_NodeId_hash(id);
    for (size_t i = 0; i < node_count; i++)
        if (hashes[i] == hash && UA_NodeId_equal(&nodes[i], id))
            return;
    if (node_count == MAX_NODES)
        die("too many nodes");
    check(UA_NodeId_copy(id, &nodes[node_count]), "copying a node id");
    classes[node_count] = class;
    hashes[node_count++] = hash;
}

static void browse_batch(size_t from, size_t count) {
    UA_BrowseRequest request;
    UA_BrowseRequest_init(&request);
    request.nodesToBrowse = UA_Array_new(count, &UA_TYPES[UA_TYPES_BROWSEDESCRIPTION]);
    request.nodesToBrowseSize = count;
    for (size_t i = 0; i < count; i++) {
        UA_BrowseDescription *each = &request.nodesToBrowse[i];
        check(UA_NodeId_copy(&nodes[from + i], &each->nodeId), "copying a node id");
        each->browseDirection = UA_BROWSEDIRECTION_BOTH;
        each->resultMask = UA_BROWSERESULTMASK_ALL;
    }
    UA_BrowseResponse response = UA_Client_Service_browse(client, request);
    check(response.responseHeader.serviceResult, "browse");
    for (size_t i = 0; i < response.resultsSize; i++) {
        UA_BrowseResult *result = &response.results[i];
        if (result->continuationPoint.length)
            die("the server keeps references back");
        for (size_t j = 0; j < result->referencesSize; j++)
            add_node(&result->references[j].nodeId.nodeId, result->references[j].nodeClass);
    }
    UA_BrowseResponse_clear(&response);
    UA_BrowseRequest_clear(&request);
}

static void browse(const UA_NodeId *from) {
    add_node(from, UA_NODECLASS_OBJECT);
    for (size_t done = 0; done < node_count;) {
        size_t count = node_count - done < BATCH ? node_count - done : BATCH;
        browse_batch(done, count);
        done += count;
    }
    for (size_t i = 0; i < node_count; i++) {
        print_node(&nodes[i]);
        printf("\t%d\n", (int)classes[i]);
    }
}

/* ---- read, write ---- */

static UA_DataValue read_value(UA_NodeId node, UA_UInt32 attribute) {
    UA_ReadValueId item;
    UA_ReadValueId_init(&item);
    item.nodeId = node;
    item.attributeId = attribute;
    UA_ReadRequest request;
    UA_ReadRequest_init(&request);
    request.timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH;
    request.nodesToRead = &item;
    request.nodesToReadSize = 1;
    UA_ReadResponse response = UA_Client_Service_read(client, request);
    check(response.responseHeader.serviceResult, "read");
    if (response.resultsSize != 1)
        die("read: not one result");
    UA_DataValue value = response.results[0];
    UA_DataValue_init(&response.results[0]);
    UA_ReadResponse_clear(&response);
    return value;
}

static void print_value(const UA_DataValue *value) {
    const UA_DataType *type = value->value.type;
    printf("%s\t%s%s\t", UA_StatusCode_name(value->status), type ? type->typeName : "-",
           type && !UA_Variant_isScalar(&value->value) ? "[]" : "");
    print_json(&value->value);
    puts("");
}

/* All in one request, so that they are of one scan of the plant. */
static void sample(char *words) {
    static UA_ReadValueId items[MAX_SAMPLE];
    size_t count = 0;
    for (char *each = strtok(words, "\t\n"); each; each = strtok(NULL, "\t\n")) {
        if (count == MAX_SAMPLE)
            die("too many nodes in a sample");
        items[count].nodeId = parse_node(each);
        items[count++].attributeId = UA_ATTRIBUTEID_VALUE;
    }
    UA_ReadRequest request;
    UA_ReadRequest_init(&request);
    request.nodesToRead = items;
    request.nodesToReadSize = count;
    UA_ReadResponse response = UA_Client_Service_read(client, request);
    check(response.responseHeader.serviceResult, "sample");
    if (response.resultsSize != count)
        die("sample: not a result for each");
    for (size_t i = 0; i < count; i++) {
        check(response.results[i].status, "sample");
        print_json(&response.results[i].value);
        putchar(i + 1 < count ? '\t' : '\n');
        UA_NodeId_clear(&items[i].nodeId);
    }
    UA_ReadResponse_clear(&response);
}

static UA_StatusCode write_value(UA_NodeId node, UA_UInt32 attribute, const UA_Variant *value) {
    UA_WriteValue item;
    UA_WriteValue_init(&item);
    item.nodeId = node;
    item.attributeId = attribute;
    item.value.hasValue = true;
    item.value.value = *value;
    UA_WriteRequest request;
    UA_WriteRequest_init(&request);
    request.nodesToWrite = &item;
    request.nodesToWriteSize = 1;
    UA_WriteResponse response = UA_Client_Service_write(client, request);
    UA_StatusCode status = response.responseHeader.serviceResult;
    if (status == UA_STATUSCODE_GOOD)
        status = response.resultsSize == 1 ? response.results[0] : UA_STATUSCODE_BADUNEXPECTEDERROR;
    UA_WriteResponse_clear(&response);
    return status;
}

/* Another value of the same type; what has no simple other value stays as it is. */
static void alter(UA_Variant *value) {
    static UA_Int32 one = 1;
    if (UA_Variant_isEmpty(value)) {
        check(UA_Variant_setScalarCopy(value, &one, &UA_TYPES[UA_TYPES_INT32]), "copy");
        return;
    }
    if (!UA_Variant_isScalar(value))
        return;
    switch (value->type->typeKind) {
    case UA_DATATYPEKIND_BOOLEAN:
    case UA_DATATYPEKIND_SBYTE:
    case UA_DATATYPEKIND_BYTE:
    case UA_DATATYPEKIND_INT16:
    case UA_DATATYPEKIND_UINT16:
    case UA_DATATYPEKIND_INT32:
    case UA_DATATYPEKIND_UINT32:
    case UA_DATATYPEKIND_INT64:
    case UA_DATATYPEKIND_UINT64:
        *(UA_Byte *)value->data ^= 1; /* little endian */
        break;
    case UA_DATATYPEKIND_DOUBLE:
        *(UA_Double *)value->data += 1.0;
        break;
    case UA_DATATYPEKIND_LOCALIZEDTEXT: {
        UA_LocalizedText *text = value->data;
        UA_String_clear(&text->text);
        text->text = UA_STRING_ALLOC("altered");
        break;
    }
    default:
        break;
    }
}

static void nudge(UA_NodeId node, UA_UInt32 attribute) {
    UA_DataValue value = read_value(node, attribute);
    alter(&value.value);
    printf("%s\n", UA_StatusCode_name(write_value(node, attribute, &value.value)));
    UA_DataValue_clear(&value);
}

static void write_json(UA_NodeId node, UA_UInt32 attribute, const char *type, char *json) {
    UA_Variant value;
    UA_Variant_init(&value);
    value.type = type_named(type);
    value.data = UA_new(value.type);
    UA_ByteString source = UA_BYTESTRING(json);
    check(UA_decodeJson(&source, value.data, value.type, NULL), json);
    printf("%s\n", UA_StatusCode_name(write_value(node, attribute, &value)));
    UA_Variant_clear(&value);
}

/* ---- commands ---- */

static void obey(char *line) {
    if (strncmp(line, "sample\t", 7) == 0) {
        sample(line + 7);
        return;
    }
    char *word[5] = {NULL};
    size_t count = 0;
    for (char *each = strtok(line, "\t\n"); each && count < 5; each = strtok(NULL, "\t\n"))
        word[count++] = each;
    if (count < 2)
        die("a command without a node");
    UA_NodeId node = parse_node(word[1]);
    UA_UInt32 attribute = count > 2 ? (UA_UInt32)strtoul(word[2], NULL, 10) : 0;
    if (strcmp(word[0], "browse") == 0) {
        browse(&node);
        puts(".");
    } else if (count == 3 && strcmp(word[0], "read") == 0) {
        UA_DataValue value = read_value(node, attribute);
        print_value(&value);
        UA_DataValue_clear(&value);
    } else if (count == 3 && strcmp(word[0], "nudge") == 0) {
        nudge(node, attribute);
    } else if (count == 5 && strcmp(word[0], "write") == 0) {
        write_json(node, attribute, word[3], word[4]);
    } else {
        die(word[0]);
    }
    UA_NodeId_clear(&node);
}

int main(int argc, char **argv) {
    UA_StatusCode status;
    client = connect_as(argc - 1, argv + 1, &status);
    fflush(stdout);
    static char line[65536];
    while (status == UA_STATUSCODE_GOOD && fgets(line, sizeof line, stdin)) {
        obey(line);
        fflush(stdout);
    }
    leave(client);
    return status == UA_STATUSCODE_GOOD ? 0 : 1;
}
