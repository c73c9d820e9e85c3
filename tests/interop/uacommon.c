/* What the clients on open62541 share: errors, and the ways to connect. */

#include "uacommon.h"

#include <open62541/client_config_default.h>
#include <open62541/plugin/log.h>
#include <open62541/plugin/pki_default.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASIC256SHA256 "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"

/* The application URI in the certificates of the tests. */
#define APPLICATION_URI "urn:handwheel:test:client"

void die(const char *what) {
    fprintf(stderr, "client: %s\n", what);
    exit(2);
}

void check(UA_StatusCode status, const char *what) {
    if (status != UA_STATUSCODE_GOOD) {
        fprintf(stderr, "client: %s: %s\n", what, UA_StatusCode_name(status));
        exit(2);
    }
}

static void quiet(void *context, UA_LogLevel level, UA_LogCategory category, const char *text,
                  va_list arguments) {
    (void)context, (void)level, (void)category, (void)text, (void)arguments;
}

static UA_ByteString read_file(const char *path) {
    UA_ByteString content = UA_BYTESTRING_NULL;
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        die(path);
    check(UA_ByteString_allocBuffer(&content, (size_t)ftell(file)), path);
    rewind(file);
    if (fread(content.data, 1, content.length, file) != content.length)
        die(path);
    fclose(file);
    return content;
}

static void secure(UA_ClientConfig *config, char **words) {
    UA_ByteString certificate = read_file(words[0]), key = read_file(words[1]);
    check(UA_ClientConfig_setDefaultEncryption(config, certificate, key, NULL, 0, NULL, 0),
          "encryption");
    UA_CertificateVerification_AcceptAll(&config->certificateVerification);
    config->securityMode = strcmp(words[2], "Sign") == 0 ? UA_MESSAGESECURITYMODE_SIGN
                                                         : UA_MESSAGESECURITYMODE_SIGNANDENCRYPT;
    config->securityPolicyUri = UA_STRING_ALLOC(BASIC256SHA256);
    UA_String_clear(&config->clientDescription.applicationUri);
    config->clientDescription.applicationUri = UA_STRING_ALLOC(APPLICATION_URI);
    UA_ByteString_clear(&certificate);
    UA_ByteString_clear(&key);
}

UA_Client *connect_as(int count, char **words, UA_StatusCode *status) {
    static UA_Logger silence = {quiet, NULL, NULL};
    if (count != 1 && count != 3 && count != 6)
        die("usage: ENDPOINT [USER PASSWORD [CERTIFICATE KEY MODE]] < commands");
    UA_ClientConfig config;
    memset(&config, 0, sizeof config);
    config.logging = &silence;
    if (count == 6)
        secure(&config, words + 3);
    else
        check(UA_ClientConfig_setDefault(&config), "configuration");
    UA_Client *client = UA_Client_newWithConfig(&config);
    *status = count == 1 || !*words[1]
                  ? UA_Client_connect(client, words[0])
                  : UA_Client_connectUsername(client, words[0], words[1], words[2]);
    printf("%s\n", UA_StatusCode_name(*status));
    return client;
}

void leave(UA_Client *client) {
    UA_SecureChannelState channel = UA_SECURECHANNELSTATE_OPEN;
    UA_Client_disconnectAsync(client);
    while (channel != UA_SECURECHANNELSTATE_CLOSED) {
        UA_Client_run_iterate(client, 1);
        UA_Client_getState(client, &channel, NULL, NULL);
    }
}

void print_json(const UA_Variant *value) {
    UA_ByteString json = UA_BYTESTRING_NULL;
    check(UA_encodeJson(value, &UA_TYPES[UA_TYPES_VARIANT], &json, NULL), "JSON");
    printf("%.*s", (int)json.length, (char *)json.data);
    UA_ByteString_clear(&json);
}
