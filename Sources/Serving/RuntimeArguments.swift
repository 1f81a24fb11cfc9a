public import Domain

/// The arguments of `gatehouse-runtime`.
///
/// Read by hand: an argument parser would be a tenth of the program.
public struct RuntimeArguments: Equatable, Sendable {
  /// What the program is asked to do.
  public enum Request: Equatable, Sendable {
    case serve(RuntimeArguments)
    case probe(address: String)
    case help
    case version
  }

  /// Where connections come from.
  public enum Listener: Equatable, Sendable {
    /// Bind this address.
    case address(String)
    /// Take over this descriptor of a listening socket.
    case descriptor(CInt)
  }

  /// Directories of sealed bundles.
  public var bundles: [String] = []
  /// The root of an image, whose places say what is served.
  public var packed: String?
  /// The control plane's snapshot.
  public var state: String?
  /// Where connections come from; where nil, this machine's alone, or for an image, all.
  public var listener: Listener?
  /// The file of callers' keys.
  public var keys: String?
  /// The file of issuers whose tokens are taken.
  public var issuers: String?
  /// The file that says what was revoked.
  public var revocations: RevocationFile?
  /// Files of public keys whose seals are trusted.
  public var trusted: [String] = []
  /// The path of the control socket.
  public var control: String?
  /// The largest body of a request, in bytes.
  public var maximumBody: Int?
  /// The most rows of a request.
  public var maximumRows: Int?
  /// The most connections.
  public var maximumConnections: Int?
  /// The most predictions that wait for or run on threads.
  public var maximumQueued: Int?
  /// The library of ONNX Runtime; where nil, the one that the environment or the loader names.
  public var onnxRuntime: String?
  /// Where metrics and health are asked for; nowhere where nil.
  public var admin: Listener?
  /// Whether what is under way can be asked for there.
  public var tellsRequests = true
  /// Where spans of requests go; nowhere where nil.
  public var collector: CollectorAddress?
  /// The file of header fields for the collector.
  public var collectorFields: String?
  /// The file of the authorities that the collector's certificate must come from; those of the machine where nil.
  public var collectorAuthorities: String?
  /// The share of the traces that begin here and leave spans, from 0 to 1.
  public var traceShare = 0.01
  /// How the log is written.
  public var log = RuntimeLog.Form.text
  /// Whether what comes to models is looked at.
  public var isWatching = true
  /// How often each version is asked whether it answers right, in seconds; never where 0.
  public var probeSeconds = 10
  /// From how many milliseconds on a request is told of as slow.
  public var slowMilliseconds = 1000
  /// The directory that access records are spooled to.
  public var spool: String?
  /// What becomes of answers that no record can be written of.
  public var whenSpoolFull = RecordSpool.WhenFull.refuse
  /// How many event loops there are; as many as there are processors where nil.
  public var threads: Int?
  /// What connections are secured by; in the clear where nil.
  public var tls: TLSFiles?
  /// Directories that lie above the bundles that a snapshot names.
  public var bundleRoots: [String] = []
  /// What becomes of a process that cannot give up what it does not need.
  public var confine = Confinement.Mode.bestEffort
  /// The undertaking that the process is held for, accepting nothing until the command to begin; nil where it is not.
  public var hold: String?
  /// Whom the process becomes where it is root; nil where nobody said.
  public var account: PlaneAccount?

  /// One line for every mistake.
  public static let usage = """
    usage: gatehouse-runtime (--bundle DIR… --trust FILE… [--keys FILE] | --packed DIR | --state FILE) [options]
    """

  /// All there is to know.
  public static let help = """
    Serves sealed models over HTTP/1.1 and HTTP/2, on one port.

    \(usage)

      --bundle DIR         serve the sealed bundle in this directory; may be repeated
      --trust FILE         trust seals by the public key (PEM) in this file; may be repeated
      --keys FILE          callers' keys, one JSON object a line: {"id", "hash", "deployment"}, and
                           perhaps "limits": {"rate", "burst", "daily"} and "expires";
                           without it and --issuers every prediction is refused
      --issuers FILE       take the tokens (JWT) of issuers, one JSON object a line: {"url", "audiences",
                           "algorithms", "keySet"}, and perhaps "claim", "prefix", "leeway", "limits"
      --revocations FILE   serve nothing that a list in this file revokes, a line that a trusted key has signed;
                           looked at every 30 s
      --packed DIR         serve the image whose root this is: bundles/NAME/VERSION, by the keys in trust/, to the
                           callers of run/gatehouse/keys.jsonl or callers/keys.jsonl, but for what
                           run/gatehouse/revoked.jsonl revokes, with records in spool/ where
                           that is there, on 0.0.0.0:8080 and, for metrics and health, 0.0.0.0:8081
      --state FILE         serve what this snapshot of the control plane says
      --listen ADDR:PORT   accept connections on this address (default 127.0.0.1:8080)
      --listen-fd N        accept connections on this inherited listening socket
      --tls-certificate FILE
                           speak TLS with the certificate chain (PEM) in this file, and
      --tls-key FILE       its private key (PEM) in this one; both are read anew when they change
      --tls-client-ca FILE ask callers for a certificate from one of the authorities (PEM) in this file
      --control SOCKET     take commands on this Unix domain socket
      --hold NAME          load and verify everything, and accept no connection until the command 'begin'; the status
                           has the name; without anybody on the control socket the process ends after 10 s
      --admin ADDR:PORT    answer /metrics, /health/live, /health/ready and /debug/requests on this address,
                           without a key
      --admin-fd N         the same on this inherited listening socket
      --otlp URL           send spans of requests to this collector, OTLP over HTTP, such as
                           http://127.0.0.1:4318
      --otlp-headers FILE  with these header fields, 'Name: value' a line, such as the collector's key
      --otlp-ca FILE       to an https URL, with a certificate of these authorities (PEM; default: the machine's)
      --otlp-share SHARE   leave spans of this share of the traces that begin here, 0 to 1 (default 0.01);
                           a caller's own trace leaves them where its sampled flag says so
      --log FORM           write the log as 'text' (default) or 'json', a line an event
      --watch on|off       look at what comes to models and what they answer (default on)
      --probe-interval S   ask each version a row of its bundle's check every so many seconds; one that answers wrong,
                           or not in time, is not ready (default 10; 0 for never)
      --log-slow MS        tell of requests that take this many milliseconds or longer (default 1000)
      --spool DIR          write a record of every request to this directory before it is answered;
                           without it no records are kept
      --when-spool-full W  'refuse' predictions that no record can be written of (default), or 'go-on'
                           and say in the next record how many there were
      --max-body BYTES     refuse larger request bodies (default 16777216)
      --max-rows N         refuse requests of more rows (default 1000000)
      --max-connections N  serve no more connections (default 4096, or what the limit of open files allows)
      --max-queued N       have no more predictions wait for or run on threads (default 256)
      --onnxruntime FILE   run models that need ONNX Runtime by this library
                           (default: GATEHOUSE_ONNXRUNTIME, then what the loader finds)
      --threads N          run this many event loops (default: one a processor)
      --bundles DIR        with --state: the bundles that it names lie in this directory; may be repeated
      --confine MODE       before anything is read that callers or bundles bring, give up all that serving does
                           not need: 'required' to end where that cannot be done, 'best-effort' to go on and
                           say so (default), or 'off'
      --user UID[:GID]     become this user where root starts it (default 65532:65532)
      --probe ADDR:PORT    serve nothing, and ask whether the process whose admin listener this is is ready
      --version            print the version
      --help               print this

    Signals: SIGTERM finishes what is under way and ends; SIGINT ends at once.
    Exit status: 0 done, 1 failed, 2 usage, 5 a seal or other integrity violated, 6 unavailable.
    """

  /// Reads arguments, the program's name left out; throws `usage.…` problems.
  public static func parse(_ arguments: [String]) throws(Problem) -> Request {
    var parsed = RuntimeArguments()
    var seen: Set<String> = []
    var rest = arguments[...]
    while let option = rest.popFirst() {
      if option == "--help" { return .help }
      if option == "--version" { return .version }
      if option == "--probe" { return try probe(arguments) }
      guard let isRepeatable = options[option] else {
        throw Problem(.usage, "usage.unknown-option", "expected an option, found '\(option.prefix(80))'")
      }
      guard let value = rest.popFirst(), !value.isEmpty else {
        throw Problem(.usage, "usage.missing-value", "expected a value after '\(option)', found none")
      }
      guard seen.insert(option).inserted || isRepeatable else {
        throw Problem(.usage, "usage.repeated-option", "expected '\(option)' once, found it again")
      }
      try parsed.set(option, to: value)
    }
    try parsed.check(seen)
    return .serve(parsed)
  }

  private static func probe(_ arguments: [String]) throws(Problem) -> Request {
    guard arguments.count == 2, arguments[0] == "--probe" else {
      throw Problem(
        .usage, "usage.conflicting-options", "expected '--probe ADDR:PORT' and nothing else, found another")
    }
    return .probe(address: arguments[1])
  }

  /// Every option that takes a value, and whether it may be repeated.
  private static let options = [
    "--bundle": true, "--trust": true, "--keys": false, "--issuers": false, "--state": false,
    "--listen": false,
    "--listen-fd": false, "--control": false, "--max-body": false,
    "--max-rows": false, "--max-connections": false, "--max-queued": false, "--threads": false,
    "--onnxruntime": false, "--spool": false, "--admin": false, "--when-spool-full": false,
    "--admin-fd": false, "--otlp": false, "--otlp-share": false, "--otlp-headers": false, "--otlp-ca": false,
    "--log": false, "--log-slow": false, "--watch": false,
    "--tls-certificate": false, "--tls-key": false, "--tls-client-ca": false,
    "--bundles": true, "--packed": false, "--revocations": false, "--confine": false, "--user": false,
    "--hold": false, "--probe-interval": false,
  ]

  private mutating func set(_ option: String, to value: String) throws(Problem) {
    switch option {
    case "--bundle": bundles.append(value)
    case "--trust": trusted.append(value)
    case "--keys": keys = value
    case "--issuers": issuers = value
    case "--packed": packed = value
    case "--revocations": revocations = RevocationFile(path: value, isRequired: true)
    case "--state": state = value
    case "--listen": listener = .address(value)
    case "--listen-fd": listener = .descriptor(CInt(try Self.number(value, option, 0...(1 << 20))))
    case "--control": control = value
    case "--max-body": maximumBody = try Self.number(value, option, 1...(1 << 30))
    case "--max-rows": maximumRows = try Self.number(value, option, 1...(1 << 30))
    case "--max-connections": maximumConnections = try Self.number(value, option, 1...(1 << 20))
    case "--max-queued": maximumQueued = try Self.number(value, option, 1...(1 << 20))
    case "--onnxruntime": onnxRuntime = value
    case "--spool": spool = value
    case "--admin": admin = .address(value)
    case "--admin-fd": admin = .descriptor(CInt(try Self.number(value, option, 0...(1 << 20))))
    case "--tls-certificate": secure { $0.certificate = value }
    case "--tls-key": secure { $0.key = value }
    case "--tls-client-ca": secure { $0.clientAuthorities = value }
    case "--otlp": collector = try CollectorAddress(parsing: value)
    case "--otlp-headers": collectorFields = value
    case "--otlp-ca": collectorAuthorities = value
    case "--otlp-share": traceShare = try Self.share(value, option)
    case "--log":
      guard let form = RuntimeLog.Form(rawValue: value) else {
        throw Self.malformed(value, option, "'text' or 'json'")
      }
      log = form
    case "--watch":
      guard value == "on" || value == "off" else { throw Self.malformed(value, option, "'on' or 'off'") }
      isWatching = value == "on"
    case "--probe-interval": probeSeconds = try Self.number(value, option, 0...86_400)
    case "--log-slow": slowMilliseconds = try Self.number(value, option, 1...(24 * 3_600_000))
    case "--when-spool-full":
      guard let whenFull = RecordSpool.WhenFull(rawValue: value) else {
        throw Self.malformed(value, option, "'refuse' or 'go-on'")
      }
      whenSpoolFull = whenFull
    case "--bundles": bundleRoots.append(value)
    case "--confine":
      guard let mode = Confinement.Mode(rawValue: value) else {
        throw Self.malformed(value, option, "'required', 'best-effort' or 'off'")
      }
      confine = mode
    case "--user": account = try PlaneAccount(parsing: value)
    case "--hold":
      guard 1...64 ~= value.utf8.count, value.utf8.allSatisfy({ Self.isHexadecimal($0) }) else {
        throw Self.malformed(value, option, "1 to 64 hexadecimal digits")
      }
      hold = value
    case "--threads": threads = try Self.number(value, option, 1...256)
    default: preconditionFailure("an option of the table is handled here")
    }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
  }

  private mutating func secure(_ change: (inout TLSFiles) -> Void) {
    var files = tls ?? TLSFiles(certificate: "", key: "")
    change(&files)
    tls = files
  }

  private static func malformed(_ value: String, _ option: String, _ expected: String) -> Problem {
    Problem(
      .usage, "usage.malformed-value", "expected \(expected) after '\(option)', found '\(value.prefix(40))'")
  }

  private static func share(_ text: String, _ option: String) throws(Problem) -> Double {
    guard let share = Double(text), 0...1 ~= share else {
      throw malformed(text, option, "a number from 0 to 1")
    }
    return share
  }

  private static func number(_ text: String, _ option: String, _ range: ClosedRange<Int>) throws(Problem)
    -> Int
  {
    guard let number = Int(text), range ~= number else {
      throw Problem(
        .usage, "usage.malformed-number",
        "expected a number from \(range.lowerBound) to \(range.upperBound) after '\(option)',"
          + " found '\(text.prefix(40))'")
    }
    return number
  }

  private func check(_ seen: Set<String>) throws(Problem) {
    if seen.isSuperset(of: ["--listen", "--listen-fd"]) {
      throw Problem(
        .usage, "usage.conflicting-options", "expected '--listen' or '--listen-fd', found both")
    }
    if seen.isSuperset(of: ["--admin", "--admin-fd"]) {
      throw Problem(
        .usage, "usage.conflicting-options", "expected '--admin' or '--admin-fd', found both")
    }
    if collector == nil,
      let other = ["--otlp-share", "--otlp-headers", "--otlp-ca"].first(where: seen.contains)
    {
      throw Problem(.usage, "usage.conflicting-options", "expected '--otlp' with '\(other)', found none")
    }
    if state != nil,
      let other = ["--bundle", "--keys", "--issuers", "--trust", "--revocations"].first(where: seen.contains)
    {
      throw Problem(
        .usage, "usage.conflicting-options", "expected '--state' without '\(other)', found both",
        hint: "the snapshot says what is served and who is trusted")
    }
    if packed != nil, let other = ["--bundle", "--state", "--trust"].first(where: seen.contains) {
      throw Problem(
        .usage, "usage.conflicting-options", "expected '--packed' without '\(other)', found both",
        hint: "an image says what is served and who is trusted")
    }
    if hold != nil, control == nil {
      throw Problem(
        .usage, "usage.conflicting-options", "expected '--control' with '--hold', found none",
        hint: "a process that is held begins by a command")
    }
    if state == nil, !bundleRoots.isEmpty {
      throw Problem(
        .usage, "usage.conflicting-options", "expected '--state' with '--bundles', found none",
        hint: "name a bundle by '--bundle'")
    }
    if seen.contains("--when-spool-full"), spool == nil {
      throw Problem(
        .usage, "usage.conflicting-options", "expected '--spool' with '--when-spool-full', found none")
    }
    if let tls, tls.certificate.isEmpty || tls.key.isEmpty {
      throw Problem(
        .usage, "usage.half-of-tls", "expected both '--tls-certificate' and '--tls-key', found one or none",
        hint: "name the certificate chain and its private key")
    }
    if packed != nil { return }
    if state == nil, bundles.isEmpty {
      throw Problem(.usage, "usage.nothing-to-serve", "expected '--bundle' or '--state', found neither")
    }
    if state == nil, trusted.isEmpty {
      throw Problem(
        .usage, "usage.nothing-trusted", "expected '--trust' with the public key of the seals, found none")
    }
  }
}
