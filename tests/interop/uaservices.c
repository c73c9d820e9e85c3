/* What else, besides Write, a client could ask of a server that changes something. */

#include "uaservices.h"

#include <stdio.h>

#define NS0(name) {.identifierType = UA_NODEIDTYPE_NUMERIC, .identifier.numeric = UA_NS0ID_##name}

#define TRY(client, request, NAME) \
    try_service(client, &(request), &UA_TYPES[UA_TYPES_##NAME##REQUEST], \
                &UA_TYPES[UA_TYPES_##NAME##RESPONSE])

static void try_service(UA_Client *client, const void *request, const UA_DataType *request_type,
                        const UA_DataType *response_type) {
    UA_ResponseHeader *response = UA_new(response_type); /* every response begins with it */
    __UA_Client_Service(client, request, request_type, response, response_type);
    UA_StatusCode status = response->serviceResult;
    if (status == UA_STATUSCODE_GOOD && response_type == &UA_TYPES[UA_TYPES_CALLRESPONSE])
        status = ((UA_CallResponse *)response)->results[0].statusCode; /* judged one by one */
    printf("%s\t%s\n", request_type->typeName, UA_StatusCode_name(status));
    UA_delete(response, response_type);
}

static void manage_nodes(UA_Client *client, UA_NodeId node) {
    UA_ObjectAttributes attributes = UA_ObjectAttributes_default;
    UA_AddNodesItem added = {.parentNodeId.nodeId = node,
                             .referenceTypeId = NS0(HASCOMPONENT),
                             .browseName = UA_QUALIFIEDNAME(1, "foreign"),
                             .nodeClass = UA_NODECLASS_OBJECT,
                             .typeDefinition.nodeId = NS0(FOLDERTYPE)};
    UA_ExtensionObject_setValueNoDelete(&added.nodeAttributes, &attributes,
                                        &UA_TYPES[UA_TYPES_OBJECTATTRIBUTES]);
    UA_AddNodesRequest add = {.nodesToAddSize = 1, .nodesToAdd = &added};
    TRY(client, add, ADDNODES);
    UA_AddReferencesItem linked = {.sourceNodeId = NS0(OBJECTSFOLDER),
                                   .referenceTypeId = NS0(ORGANIZES),
                                   .isForward = true,
                                   .targetNodeId.nodeId = node,
                                   .targetNodeClass = UA_NODECLASS_VARIABLE};
    UA_AddReferencesRequest link = {.referencesToAddSize = 1, .referencesToAdd = &linked};
    TRY(client, link, ADDREFERENCES);
    UA_DeleteReferencesItem unlinked = {.sourceNodeId = node,
                                        .referenceTypeId = NS0(HASTYPEDEFINITION),
                                        .isForward = true,
                                        .targetNodeId.nodeId = NS0(ANALOGITEMTYPE)};
    UA_DeleteReferencesRequest unlink = {.referencesToDeleteSize = 1,
                                         .referencesToDelete = &unlinked};
    TRY(client, unlink, DELETEREFERENCES);
    UA_DeleteNodesItem deleted = {.nodeId = node, .deleteTargetReferences = true};
    UA_DeleteNodesRequest delete = {.nodesToDeleteSize = 1, .nodesToDelete = &deleted};
    TRY(client, delete, DELETENODES);
}

void try_node_services(UA_Client *client, UA_NodeId node) {
    manage_nodes(client, node);
    UA_CallMethodRequest called = {.objectId = NS0(SERVER), .methodId = NS0(SERVER_RESENDDATA)};
    UA_CallRequest call = {.methodsToCallSize = 1, .methodsToCall = &called};
    TRY(client, call, CALL);
    UA_DeleteRawModifiedDetails details = {.nodeId = node, .endTime = UA_DateTime_now()};
    UA_ExtensionObject updated;
    UA_ExtensionObject_setValueNoDelete(&updated, &details,
                                        &UA_TYPES[UA_TYPES_DELETERAWMODIFIEDDETAILS]);
    UA_HistoryUpdateRequest update = {.historyUpdateDetailsSize = 1,
                                      .historyUpdateDetails = &updated};
    TRY(client, update, HISTORYUPDATE);
    UA_SetTriggeringRequest trigger = {.subscriptionId = 1};
    TRY(client, trigger, SETTRIGGERING);
    UA_CancelRequest cancel = {.requestHandle = 1};
    TRY(client, cancel, CANCEL);
}

void try_registrations(UA_Client *client) {
    UA_LocalizedText name = UA_LOCALIZEDTEXT("", "foreign");
    UA_String url = UA_STRING("opc.tcp://127.0.0.1:9/");
    UA_RegisterServerRequest first = {.server = {.serverUri = UA_STRING("urn:foreign"),
                                                 .productUri = UA_STRING("urn:foreign"),
                                                 .serverNamesSize = 1,
                                                 .serverNames = &name,
                                                 .serverType = UA_APPLICATIONTYPE_SERVER,
                                                 .discoveryUrlsSize = 1,
                                                 .discoveryUrls = &url,
                                                 .isOnline = true}};
    TRY(client, first, REGISTERSERVER);
    UA_RegisterServer2Request second = {.server = first.server};
    TRY(client, second, REGISTERSERVER2);
}
