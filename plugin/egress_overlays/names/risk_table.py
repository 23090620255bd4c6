"""Names through which data leaves, or anything comes in, whoever the list was written for.

A block: class, source, the date of the source as read, names. A name stands for itself; see `risks` for names below it
and wildcards above it. What the public suffix list holds needs no entry, unless its class says more.
"""

from __future__ import annotations

_SIGMA = "https://github.com/SigmaHQ/sigma/blob/master/rules/"
_PSL = "https://publicsuffix.org/list/ (private section)"

TABLE: tuple[tuple[str, str, str, str], ...] = (
    (
        "paste",
        _SIGMA + "windows/network_connection/net_connection_win_susp_file_sharing_domains_susp_folders.yml",
        "2026-03-29",
        """0x0.st anonfiles.com bashupload.com chunk.io dl.dropboxusercontent.com ghostbin.co gofile.io hastebin.com
        mediafire.com mega.co.nz mega.nz paste.ee pastebin.com pastebin.pl pastetext.net pixeldrain.com privatlab.com
        privatlab.net send.exploit.in sendspace.com temp.sh transfer.sh ufile.io x0.at""",
    ),
    (
        "paste",
        _SIGMA + "windows/process_creation/proc_creation_win_curl_upload_file_sharing_websites.yml",
        "2026-03-29",
        "file.io filebin.net uploadfiles.io wetransfer.com",
    ),
    (
        "user-content",
        _SIGMA + "windows/network_connection/net_connection_win_susp_file_sharing_domains_susp_folders.yml",
        "2026-03-29",
        """cdn.discordapp.com glitch.me raw.githubusercontent.com gist.githubusercontent.com
        objects.githubusercontent.com w3spaces.com""",
    ),
    (
        "tunnel",
        _SIGMA + "linux/network_connection/net_connection_lnx_ngrok_tunnel.yml",
        "2022-11-03",
        "ngrok.com ngrok.io ngrok.app ngrok.dev ngrok-free.app ngrok-free.dev",
    ),
    (
        "tunnel",
        _SIGMA + "windows/network_connection/net_connection_win_domain_cloudflared_communication.yml",
        "2024-05-27",
        "argotunnel.com trycloudflare.com",
    ),
    (
        "tunnel",
        _SIGMA + "linux/network_connection/net_connection_lnx_domain_localtonet_tunnel.yml",
        "2024-06-17",
        "localto.net localtonet.com",
    ),
    (
        "tunnel",
        _SIGMA + "windows/network_connection/net_connection_win_domain_btunnels.yml",
        "2024-09-13",
        "btunnel.co.in",
    ),
    (
        "tunnel",
        _SIGMA + "windows/network_connection/net_connection_win_domain_devtunnels.yml",
        "2023-11-20",
        "devtunnels.ms",
    ),
    (
        "tunnel",
        _SIGMA + "windows/network_connection/net_connection_win_domain_vscode_tunnel_connection.yml",
        "2023-11-20",
        "tunnels.api.visualstudio.com",
    ),
    (
        "webhook",
        _SIGMA + "network/dns/net_dns_external_service_interaction_domains.yml",
        "2026-07-23",
        """burpcollaborator.net canarytokens.com ceye.io dnshook.site dnslog.cn dnslog.ink interact.sh oast.fun
        oast.live oast.me oast.online oast.pro oast.site oastify.com requestbin.net webhook.site""",
    ),
    (
        "webhook",
        _SIGMA + "network/dns/net_dns_susp_telegram_api.yml",
        "2022-10-09",
        "api.telegram.org",
    ),
    (
        "dns-over-https",
        "https://github.com/dibdot/DoH-IP-blocklists/blob/master/doh-domains.txt",
        "2026-11-25",
        """dns.google dns.google.com cloudflare-dns.com dns.cloudflare.com one.one.one.one dns.quad9.net dns9.quad9.net
        dns10.quad9.net dns11.quad9.net doh.opendns.com dns.opendns.com dns.umbrella.com doh.umbrella.com
        adguard-dns.com dns.adguard.com dns.nextdns.io doh.cleanbrowsing.org dns.mullvad.net doh.mullvad.net
        doh.dns.apple.com doh.dns.sb doh.sb doh.li doh.pub dot.pub dns.alidns.com doh.360.cn dns0.eu
        doh.applied-privacy.net dns.controld.com freedns.controld.com dns.yandex.ru doh.libredns.gr wikimedia-dns.org
        rethinkdns.com""",
    ),
    (
        "object-store",
        "https://docs.aws.amazon.com/general/latest/gr/s3.html",
        "2026-11-25",
        "s3.amazonaws.com",
    ),
    (
        "object-store",
        _SIGMA + "windows/network_connection/net_connection_win_susp_file_sharing_domains_susp_folders.yml",
        "2026-03-29",
        "storage.googleapis.com storjshare.io supabase.co",
    ),
    (
        "object-store",
        _PSL,
        "2026-10-23",
        """blob.core.windows.net file.core.windows.net web.core.windows.net digitaloceanspaces.com linodeobjects.com
        vultrobjects.com r2.dev storage.supabase.co s3.fr-par.scw.cloud s3.nl-ams.scw.cloud s3.pl-waw.scw.cloud""",
    ),
    (
        "dynamic-dns",
        _PSL,
        "2026-10-23",
        """duckdns.org ddns.net hopto.org zapto.org sytes.net dynu.net no-ip.org dyndns.org myftp.org servebeer.com
        eu.org""",
    ),
)
