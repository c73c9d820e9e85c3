/* A foreign Modbus server, on libmodbus: PORT ITEMS, on loopback. Each table has ITEMS items: a
   holding register is its own address, an input register 65535 less its address; every third coil
   and every fifth discrete input is on. It says "ready" and ends with its input. */

#include <errno.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 64

static void die(const char *what) {
    fprintf(stderr, "mbserver: %s: %s\n", what, modbus_strerror(errno));
    exit(2);
}

static modbus_mapping_t *tables(int items) {
    modbus_mapping_t *map = modbus_mapping_new(items, items, items, items);
    if (!map)
        die("no memory");
    for (int i = 0; i < items; i++) {
        map->tab_registers[i] = (uint16_t)i;
        map->tab_input_registers[i] = (uint16_t)(65535 - i);
        map->tab_bits[i] = i % 3 == 0;
        map->tab_input_bits[i] = i % 5 == 0;
    }
    return map;
}

static void answer(modbus_t *link, modbus_mapping_t *map, struct pollfd *end) {
    uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
    modbus_set_socket(link, end->fd);
    int length = modbus_receive(link, request);
    if (length > 0 && modbus_reply(link, request, length, map) >= 0)
        return;
    if (length == 0)
        return;
    close(end->fd);
    end->fd = -1; /* poll passes it over */
}

static int accepted(int listening) {
    int end = accept(listening, NULL, NULL), at_once = 1;
    if (end >= 0)
        setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    return end;
}

static void serve(modbus_t *link, modbus_mapping_t *map, int listening) {
    struct pollfd ends[MOST] = {{STDIN_FILENO, POLLIN, 0}, {listening, POLLIN, 0}};
    nfds_t used = 2;
    while (poll(ends, used, -1) > 0 && !ends[0].revents) {
        for (nfds_t i = 2; i < used; i++)
            if (ends[i].fd >= 0 && ends[i].revents)
                answer(link, map, &ends[i]);
        if (ends[1].revents && used < MOST)
            ends[used++] = (struct pollfd){accepted(listening), POLLIN, 0};
        while (used > 2 && ends[used - 1].fd < 0)
            used--;
    }
}

int main(int words, char **word) {
    if (words != 3)
        return 2;
    modbus_t *link = modbus_new_tcp("127.0.0.1", atoi(word[1]));
    int listening = link ? modbus_tcp_listen(link, MOST) : -1;
    if (listening < 0)
        die("cannot listen");
    modbus_mapping_t *map = tables(atoi(word[2]));
    printf("ready\n");
    fflush(stdout);
    serve(link, map, listening);
    close(listening);
    modbus_mapping_free(map);
    modbus_free(link);
    return 0;
}
