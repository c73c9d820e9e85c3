/* A foreign client for alarms, on open62541: obeys the commands on standard input, an answer a
   line, and flushes it.

     subscribe                       to conditions, on the Server object: STATUS
     next                            waits for an event: its fields as JSON, or {} after 8 s
     acknowledge COMMENT             the condition of the last event that had one: STATUS
     refresh                         ConditionRefresh for the subscription: STATUS

   The first line of the output is the status of the connection. */

#include "uacommon.h"

#include <open62541/client_highlevel.h>
#include <open62541/client_subscriptions.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PATIENCE_S 8
#define MAX_EVENTS 64
#define NS0(name) UA_NODEID_NUMERIC(0, UA_NS0ID_##name)

static const char *const FIELDS[] = {
    "EventId", "EventType", "SourceNode", "SourceName", "Time", "ReceiveTime", "Message",
    "Severity", "ConditionName", "BranchId", "Retain", "EnabledState", "EnabledState/Id",
    "AckedState", "AckedState/Id", "ActiveState", "ActiveState/Id", "ConditionClassId",
    "ConditionClassName", "Quality", "LastSeverity", "Comment", "ClientUserId", "InputNode",
    "HighLimit", "LowLimit", ""};
#define FIELD_COUNT (sizeof FIELDS / sizeof *FIELDS)
#define EVENT_ID 0
#define CONDITION_ID (FIELD_COUNT - 1)

static UA_Client *client;
static UA_UInt32 subscription;
static UA_Variant events[MAX_EVENTS][FIELD_COUNT];
static size_t arrived, read_so_far;
static UA_Variant last_event_id, last_condition;

static void take(UA_Client *who, UA_UInt32 sub, void *sub_context, UA_UInt32 item,
                 void *item_context, size_t count, UA_Variant *fields) {
    (void)who, (void)sub, (void)sub_context, (void)item, (void)item_context;
    if (count != FIELD_COUNT || arrived == MAX_EVENTS)
        die("an event of another size, or too many events");
    for (size_t i = 0; i < count; i++)
        check(UA_Variant_copy(&fields[i], &events[arrived][i]), "copying a field");
    arrived++;
}

static void select_field(UA_SimpleAttributeOperand *operand, const char *path) {
    UA_SimpleAttributeOperand_init(operand);
    operand->attributeId = *path ? UA_ATTRIBUTEID_VALUE : UA_ATTRIBUTEID_NODEID;
    operand->typeDefinitionId = *path ? NS0(BASEEVENTTYPE) : NS0(CONDITIONTYPE);
    if (!*path)
        return;
    const char *slash = strchr(path, '/');
    operand->browsePathSize = slash ? 2 : 1;
    operand->browsePath = UA_Array_new(operand->browsePathSize, &UA_TYPES[UA_TYPES_QUALIFIEDNAME]);
    size_t length = slash ? (size_t)(slash - path) : strlen(path);
    UA_String name = {length, (UA_Byte *)(uintptr_t)path};
    check(UA_String_copy(&name, &operand->browsePath[0].name), "copying a name");
    if (slash)
        operand->browsePath[1] = UA_QUALIFIEDNAME_ALLOC(0, slash + 1);
}

static UA_StatusCode create_item(void) {
    static UA_SimpleAttributeOperand selected[FIELD_COUNT];
    for (size_t i = 0; i < FIELD_COUNT; i++)
        select_field(&selected[i], FIELDS[i]);
    UA_NodeId kind = NS0(ALARMCONDITIONTYPE);
    UA_LiteralOperand literal;
    UA_LiteralOperand_init(&literal);
    UA_Variant_setScalar(&literal.value, &kind, &UA_TYPES[UA_TYPES_NODEID]);
    UA_ExtensionObject operand;
    UA_ExtensionObject_setValueNoDelete(&operand, &literal, &UA_TYPES[UA_TYPES_LITERALOPERAND]);
    UA_ContentFilterElement of_type = {.filterOperator = UA_FILTEROPERATOR_OFTYPE,
                                       .filterOperandsSize = 1,
                                       .filterOperands = &operand};
    UA_EventFilter filter = {.selectClausesSize = FIELD_COUNT,
                             .selectClauses = selected,
                             .whereClause = {.elementsSize = 1, .elements = &of_type}};
    UA_MonitoredItemCreateRequest item;
    UA_MonitoredItemCreateRequest_init(&item);
    item.itemToMonitor.nodeId = NS0(SERVER);
    item.itemToMonitor.attributeId = UA_ATTRIBUTEID_EVENTNOTIFIER;
    item.monitoringMode = UA_MONITORINGMODE_REPORTING;
    item.requestedParameters.queueSize = MAX_EVENTS;
    UA_ExtensionObject_setValueNoDelete(&item.requestedParameters.filter, &filter,
                                        &UA_TYPES[UA_TYPES_EVENTFILTER]);
    UA_MonitoredItemCreateResult result = UA_Client_MonitoredItems_createEvent(
        client, subscription, UA_TIMESTAMPSTORETURN_BOTH, item, NULL, take, NULL);
    UA_StatusCode status = result.statusCode;
    if (status == UA_STATUSCODE_GOOD) {
        UA_EventFilterResult *checked = result.filterResult.content.decoded.data;
        for (size_t i = 0; i < checked->selectClauseResultsSize; i++)
            check(checked->selectClauseResults[i], FIELDS[i]);
    }
    UA_MonitoredItemCreateResult_clear(&result);
    return status;
}

static UA_StatusCode subscribe(void) {
    UA_CreateSubscriptionRequest request = UA_CreateSubscriptionRequest_default();
    request.requestedPublishingInterval = 20.0;
    UA_CreateSubscriptionResponse response =
        UA_Client_Subscriptions_create(client, request, NULL, NULL, NULL);
    subscription = response.subscriptionId;
    UA_StatusCode status = response.responseHeader.serviceResult;
    UA_CreateSubscriptionResponse_clear(&response);
    return status == UA_STATUSCODE_GOOD ? create_item() : status;
}

static void print_next(void) {
    time_t end = time(NULL) + PATIENCE_S;
    while (read_so_far == arrived && time(NULL) < end)
        UA_Client_run_iterate(client, 10);
    if (read_so_far == arrived) {
        puts("{}");
        return;
    }
    UA_Variant *event = events[read_so_far++];
    if (!UA_Variant_isEmpty(&event[CONDITION_ID])) {
        last_event_id = event[EVENT_ID];
        last_condition = event[CONDITION_ID];
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        printf("%s\"%s\":", i ? "," : "{", *FIELDS[i] ? FIELDS[i] : "ConditionId");
        print_json(&event[i]);
    }
    puts("}");
}

static UA_StatusCode acknowledge(char *comment) {
    if (UA_Variant_isEmpty(&last_condition))
        die("no condition to acknowledge");
    UA_LocalizedText text = UA_LOCALIZEDTEXT("en", comment);
    UA_Variant input[2];
    input[0] = last_event_id;
    UA_Variant_init(&input[1]);
    UA_Variant_setScalar(&input[1], &text, &UA_TYPES[UA_TYPES_LOCALIZEDTEXT]);
    return UA_Client_call(client, *(UA_NodeId *)last_condition.data,
                          NS0(ACKNOWLEDGEABLECONDITIONTYPE_ACKNOWLEDGE), 2, input, NULL, NULL);
}

static UA_StatusCode refresh(void) {
    UA_Variant input;
    UA_Variant_init(&input);
    UA_Variant_setScalar(&input, &subscription, &UA_TYPES[UA_TYPES_UINT32]);
    return UA_Client_call(client, NS0(CONDITIONTYPE), NS0(CONDITIONTYPE_CONDITIONREFRESH), 1,
                          &input, NULL, NULL);
}

int main(int argc, char **argv) {
    UA_StatusCode status;
    client = connect_as(argc - 1, argv + 1, &status);
    fflush(stdout);
    static char line[256];
    while (status == UA_STATUSCODE_GOOD && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "subscribe") == 0)
            puts(UA_StatusCode_name(subscribe()));
        else if (strcmp(line, "next") == 0)
            print_next();
        else if (strncmp(line, "acknowledge ", 12) == 0)
            puts(UA_StatusCode_name(acknowledge(line + 12)));
        else if (strcmp(line, "refresh") == 0)
            puts(UA_StatusCode_name(refresh()));
        else
            die(line);
        fflush(stdout);
    }
    leave(client);
    return status == UA_STATUSCODE_GOOD ? 0 : 1;
}
