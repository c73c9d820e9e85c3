/* A foreign Modbus client, on libmodbus: sends each line of standard input as it is and prints
   the answer, both as the bytes of the PDU in hexadecimal. Called with the port on loopback. */

#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what) {
    fprintf(stderr, "mbprobe: %s\n", what);
    exit(2);
}

static int parse(const char *text, uint8_t *bytes, int limit) {
    int count = 0;
    for (unsigned each; count < limit && sscanf(text, "%2x", &each) == 1; text += 2)
        bytes[count++] = (uint8_t)each;
    return count;
}

int main(int argc, char **argv) {
    if (argc != 2)
        die("usage: mbprobe PORT < PDUs");
    modbus_t *link = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    if (!link || modbus_connect(link) != 0)
        die("no connection");
    int header = modbus_get_header_length(link);
    char line[600];
    while (fgets(line, sizeof line, stdin)) {
        uint8_t request[MODBUS_MAX_PDU_LENGTH + 1] = {1}; /* unit 1 */
        uint8_t answer[MODBUS_MAX_ADU_LENGTH];
        int count = 1 + parse(line, request + 1, MODBUS_MAX_PDU_LENGTH);
        if (modbus_send_raw_request(link, request, count) < 0)
            die("not sent");
        int length = modbus_receive_confirmation(link, answer);
        if (length < 0)
            die(modbus_strerror(errno));
        for (int i = header; i < length; i++)
            printf("%02x", answer[i]);
        printf("\n");
        fflush(stdout);
    }
    modbus_close(link);
    modbus_free(link);
    return 0;
}
