"""One libtorrent process: seeds, fetches, or streams. Speaks JSON lines, as role-system.ts says."""

import json
import sys
import time

import libtorrent as lt

LOOPBACK = '127.0.0.1'
# Pieces that a player wants after the place where it reads.
READ_AHEAD = 16
task = json.loads(sys.argv[1])


def say(event, **fields):
    print(json.dumps(dict(event=event, **fields)), flush=True)


def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def open_session():
    kinds = lt.alert.category_t
    session = lt.session({
        'listen_interfaces': f'{LOOPBACK}:0',
        'enable_dht': False,
        'enable_lsd': False,
        'enable_upnp': False,
        'enable_natpmp': False,
        'enable_incoming_utp': False,
        'enable_outgoing_utp': False,
        'allow_multiple_connections_per_ip': True,
        'upload_rate_limit': int(task.get('uploadLimit', 0)),
        'out_enc_policy': 2,
        'in_enc_policy': 2,
        'alert_mask': kinds.status_notification | kinds.error_notification
        | kinds.storage_notification | kinds.progress_notification,
        **task.get('settings', {})
    })
    # Peers on loopback count as local, and the global limits do not apply to local peers: put all in the global class.
    everyone = lt.ip_filter()
    everyone.add_rule('0.0.0.0', '255.255.255.255', 1 << lt.session.global_peer_class_id)
    session.set_peer_class_filter(everyone)
    while session.listen_port() == 0:
        time.sleep(0.01)
    return session


session = open_session()


def add_torrent(flags=0):
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(task['torrent'])
    params.save_path = task['folder']
    params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
    params.flags |= flags
    return session.add_torrent(params)


def await_alert(wanted):
    while True:
        session.wait_for_alert(1000)
        for alert in session.pop_alerts():
            if isinstance(alert, (lt.file_error_alert, lt.torrent_error_alert)):
                say('error', message=str(alert))
            if wanted(alert):
                return


def seed():
    torrent = add_torrent(lt.torrent_flags.seed_mode)
    while not torrent.status().is_seeding:
        time.sleep(0.01)
    say('ready', port=session.listen_port(), torrent=task['torrent'])
    while hear():
        say('sent', bytes=torrent.status().total_payload_upload)


def fetch():
    # Everybody has the torrent before anybody connects: a connection that comes too early is refused, and tried again
    # only a minute later.
    torrent = add_torrent()
    while torrent.status().state != lt.torrent_status.states.downloading:
        time.sleep(0.01)
    say('ready', port=session.listen_port())
    for port in hear()['ports']:
        torrent.connect_peer((LOOPBACK, port))
    await_alert(lambda alert: isinstance(alert, lt.torrent_finished_alert))
    say('done', received=torrent.status().total_payload_download)
    hear()


def stream():
    say('ready', port=session.listen_port())
    ports = hear()['ports']
    torrent = add_torrent(lt.torrent_flags.sequential_download)
    for port in ports:
        torrent.connect_peer((LOOPBACK, port))
    while True:
        order = hear()
        play(torrent, order['place'], order['bytes'])
        say('arrived', progress=torrent.status().progress)


def play(torrent, place, length):
    info = torrent.torrent_file()
    first = place // info.piece_length()
    wanted = set(range(first, (place + length - 1) // info.piece_length() + 1))
    torrent.clear_piece_deadlines()
    for piece in range(first, min(first + READ_AHEAD, info.num_pieces())):
        # The last argument is alert_when_available.
        torrent.set_piece_deadline(piece, (piece - first) * 10, 1 if piece in wanted else 0)

    def arrived(alert):
        if isinstance(alert, lt.read_piece_alert):
            wanted.discard(alert.piece)
        return not wanted

    await_alert(arrived)


{'seed': seed, 'fetch': fetch, 'stream': stream}[task['role']]()
