#!/bin/bash
# devstack plugin: installs osprofiler-otel-bridge and runs it as a systemd unit beside the services.
#
#   [[local|localrc]]
#   enable_plugin osprofiler https://opendev.org/openstack/osprofiler master
#   enable_plugin osprofiler-otel-bridge https://github.com/osprofiler-otel-bridge/osprofiler-otel-bridge main
#   OSPROFILER_HMAC_KEYS=SECRET_KEY
#
# devstack calls it with the phase in $1 and $2. settings says what can be set.

# The lowest version of Node.js that the bridge runs on; package.json says the same.
BRIDGE_NODE_MINIMUM=20.19

# Prints the Node.js to run with: the host's, or the one beside the plugin.
function bridge_node {
    local own
    own=$(echo "$OSPROFILER_OTEL_BRIDGE_DIR"/.node/node_modules/node-linux-*/bin/node)
    if [[ -x $own ]]; then
        echo "$own"
    else
        command -v node
    fi
}

function bridge_node_is_new_enough {
    local version
    version=$(node --version 2>/dev/null) || return 1
    printf '%s\n' "$BRIDGE_NODE_MINIMUM" "${version#v}" | sort --check=quiet --version-sort
}

function install_osprofiler_otel_bridge {
    local architecture=x64
    if ! bridge_node_is_new_enough; then
        install_package npm
        [[ $(uname -m) == aarch64 ]] && architecture=arm64
        npm install --no-save --prefix "$OSPROFILER_OTEL_BRIDGE_DIR/.node" \
            "node-linux-$architecture@$OSPROFILER_OTEL_BRIDGE_NODE_VERSION"
    fi
    local path
    path=$(dirname "$(bridge_node)"):$PATH
    (cd "$OSPROFILER_OTEL_BRIDGE_DIR" && PATH=$path npm ci --no-audit --no-fund && PATH=$path npm run build)
    if [[ $OSPROFILER_OTEL_BRIDGE_JAEGER == True ]]; then
        install_package docker.io
    fi
}

# The file with the passwords is for the user stack alone.
function configure_osprofiler_otel_bridge {
    local urls=$OSPROFILER_OTEL_BRIDGE_CONF_DIR/transport-url
    local file=$OSPROFILER_OTEL_BRIDGE_CONF_DIR/bridge.yaml
    local endpoint=$OSPROFILER_OTEL_BRIDGE_ENDPOINT
    local cell
    if [[ $OSPROFILER_OTEL_BRIDGE_JAEGER == True ]]; then
        endpoint=http://127.0.0.1:4318
    fi
    sudo install -d -o "$STACK_USER" -m 0755 "$OSPROFILER_OTEL_BRIDGE_CONF_DIR"
    install -m 0600 /dev/null "$urls"
    get_transport_url >"$urls"
    # Nova's cells have virtual hosts of their own.
    for ((cell = 1; cell <= ${NOVA_NUM_CELLS:-1}; cell++)); do
        get_transport_url "nova_cell$cell" >>"$urls"
    done
    {
        echo "broker:"
        echo "  transportUrlFile: $urls"
        echo "listen: $OSPROFILER_OTEL_BRIDGE_LISTEN"
        echo "exporter:"
        if [[ -n $endpoint ]]; then
            echo "  endpoint: $endpoint"
        else
            echo "  kind: none"
        fi
    } >"$file"
}

function start_osprofiler_otel_bridge {
    if [[ $OSPROFILER_OTEL_BRIDGE_JAEGER == True ]]; then
        run_process osprofiler-otel-bridge-jaeger "$(command -v docker) run --rm --name osprofiler-otel-bridge-jaeger \
            --publish 127.0.0.1:4318:4318 --publish 16686:16686 $OSPROFILER_OTEL_BRIDGE_JAEGER_IMAGE" "" root
    fi
    run_process osprofiler-otel-bridge "$(bridge_node) $OSPROFILER_OTEL_BRIDGE_DIR/dist/cli/main.js run \
        --config $OSPROFILER_OTEL_BRIDGE_CONF_DIR/bridge.yaml"
}

function stop_osprofiler_otel_bridge {
    stop_process osprofiler-otel-bridge
    if [[ $OSPROFILER_OTEL_BRIDGE_JAEGER == True ]]; then
        stop_process osprofiler-otel-bridge-jaeger
    fi
}

function cleanup_osprofiler_otel_bridge {
    sudo rm -rf "$OSPROFILER_OTEL_BRIDGE_CONF_DIR"
    rm -rf "$OSPROFILER_OTEL_BRIDGE_DIR"/{.node,dist,node_modules}
}

if is_service_enabled osprofiler-otel-bridge; then
    case "$1 ${2:-}" in
        "stack install")
            install_osprofiler_otel_bridge
            ;;
        "stack post-config")
            configure_osprofiler_otel_bridge
            ;;
        "stack extra")
            start_osprofiler_otel_bridge
            ;;
        "unstack ")
            stop_osprofiler_otel_bridge
            ;;
        "clean ")
            cleanup_osprofiler_otel_bridge
            ;;
    esac
fi
