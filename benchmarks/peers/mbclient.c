/* A foreign Modbus client, on libmodbus, one request after the other: PORT REQUESTS COUNT. For each
   line of its input, a number, it reads REQUESTS times COUNT holding registers, from 0 on, as often
   as that, and prints the seconds of one pass. */

#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void die(const char *what) {
    fprintf(stderr, "mbclient: %s: %s\n", what, modbus_strerror(errno));
    exit(2);
}

static double now_s(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void pass(modbus_t *link, int requests, int count) {
    uint16_t registers[MODBUS_MAX_READ_REGISTERS];
    for (int each = 0; each < requests; each++) {
        if (modbus_read_registers(link, each * count, count, registers) != count)
            die("read");
        if (registers[0] != (uint16_t)(each * count))
            die("another value");
    }
}

int main(int words, char **word) {
    if (words != 4)
        return 2;
    modbus_t *link = modbus_new_tcp("127.0.0.1", atoi(word[1]));
    if (!link || modbus_connect(link) != 0)
        die("no connection");
    for (int passes; scanf("%d", &passes) == 1 && passes > 0;) {
        double start = now_s();
        for (int each = 0; each < passes; each++)
            pass(link, atoi(word[2]), atoi(word[3]));
        printf("%.9f\n", (now_s() - start) / passes);
        fflush(stdout);
    }
    modbus_close(link);
    modbus_free(link);
    return 0;
}
