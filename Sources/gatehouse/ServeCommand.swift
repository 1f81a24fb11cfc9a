import ArgumentParser
import Domain
import Encoding
import Fleet
import Glibc
import Lifecycle
import Provenance
import Serving
import Storage

/// `gatehouse serve`.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Start the platform: control plane, registry, ledger, and a data plane that answers.",
    discussion: """
      The first start makes keys and an administrator's credential in the data directory. An interrupt \
      (Ctrl-C, or 'gatehouse stop') stops both planes; SIGTERM stops the control plane alone: the data plane \
      serves on, and the next start adopts it. SIGHUP puts a new data plane process in the place of the one \
      that serves, without a lost request.
      """)

  @Option(help: "Where the control plane listens.")
  var listen = "127.0.0.1:8440"

  @Option(help: "Where predictions are answered.")
  var planeListen = "127.0.0.1:8080"

  @Option(help: "A PEM file with the control plane's certificate chain.")
  var tlsCertificate: String?

  @Option(help: "A PEM file with the certificate's private key.")
  var tlsKey: String?

  @Option(help: "A PEM file with the data plane's certificate chain; read anew when it changes.")
  var planeTlsCertificate: String?

  @Option(help: "A PEM file with the private key of the data plane's certificate.")
  var planeTlsKey: String?

  @Option(
    help: "A PEM file with the authorities that callers of the data plane must have a certificate from.")
  var planeTlsClientCa: String?

  @Flag(help: "Listen without TLS on addresses that other machines can reach.")
  var insecure = false

  @Option(
    name: .customLong("when-spool-full"),
    help: "What becomes of predictions that no access record can be written of: refuse or go-on.")
  var whenSpoolFull = SpoolPolicy.refuse

  @Option(
    help: """
      Where the data plane answers /metrics, /health and /debug/requests, without a key: an address, or 'none' \
      (default: 127.0.0.1:8081, or a free port where that is taken).
      """)
  var admin: String?

  @Option(
    help: "Send spans of requests to this collector, OTLP over HTTP, such as http://127.0.0.1:4318.",
    transform: CollectorAddress.init(parsing:))
  var otlp: CollectorAddress?

  @Option(
    name: .customLong("otlp-headers"),
    help: "A file with header fields for the collector, 'Name: value' a line, such as its key.")
  var otlpHeaders: String?

  @Option(
    name: .customLong("otlp-ca"),
    help: "A PEM file with the authorities of a collector with an https URL (default: the machine's).")
  var otlpAuthorities: String?

  @Option(
    name: .customLong("otlp-share"),
    help: "Leave spans of this share of the traces that begin here, 0 to 1 (default: 0.01).")
  var otlpShare: Double?

  @Option(
    help: "Where the data plane cannot give up what serving does not need: required, best-effort or off.",
    transform: Self.confinementMode)
  var confine = Confinement.Mode.bestEffort

  @Option(
    help: """
      How often the data plane asks each version a row of its bundle's check, in seconds (default: 10; 0 for never).
      """)
  var probeInterval: Int?

  @Option(
    name: .customLong("registry-listen"),
    help: """
      Where images are pushed and pulled, /v2/: an address, or 'none' (default: 127.0.0.1:8441, or a free port where that \
      is taken). TLS as the control plane has it.
      """)
  var registryListen: String?

  @Option(help: "The data plane's program (default: gatehouse-runtime beside this program).")
  var runtime: String?

  @Option(
    help: "The curve of the key that seals, where this start makes it: P-256, P-384 or P-521.",
    transform: Self.curve)
  var sealCurve: SealCurve?

  @Option(
    help: """
      The signer of keys/signers.json whose key seals from the first start on, so that no key that seals is ever in a file.
      """)
  var sealSigner: String?

  @Option(
    help: """
      What this platform is there for, such as production: policies and promotion go by it. Said once, it stays.
      """,
    transform: EnvironmentName.init(parsing:))
  var environment: EnvironmentName?

  @OptionGroup var passphrase: PassphraseOption

  @OptionGroup var data: DataOption

  func run() async throws {
    let passphrase = try passphrase.passphrase()
    let control = try ListenAddress(parsing: listen)
    let plane = try ListenAddress(parsing: planeListen)
    let admin = try adminAddress()
    let tls = try tlsFiles()
    let planeTLS = try planeTLSFiles()
    guard control.isLoopback || tls != nil || insecure else {
      throw Self.exposed("the control plane", control, "--tls-certificate and --tls-key")
    }
    guard plane.isLoopback || planeTLS != nil || insecure else {
      throw Self.exposed("the data plane", plane, "--plane-tls-certificate and --plane-tls-key")
    }
    let registry = try RegistryAddress(option: registryListen)
    if case .at(let address) = registry, registry.isExposed, tls == nil, !insecure {
      throw Self.exposed("the registry", address, "--tls-certificate and --tls-key")
    }
    let platform = Platform(
      directory: data.directory, control: control, plane: plane, tls: tls, planeTLS: planeTLS,
      runtime: try runtimePath(), whenSpoolFull: whenSpoolFull, admin: admin,
      runtimeOptions: try collectorOptions() + probeOptions() + ["--confine", confine.rawValue],
      passphrase: passphrase,
      sealKey: try sealKey(), registry: registry, environment: environment)
    try await platform.run()
  }

  private static func confinementMode(_ text: String) throws(Problem) -> Confinement.Mode {
    guard let mode = Confinement.Mode(rawValue: text) else {
      throw Problem(
        .usage, "usage.confine",
        "expected required, best-effort or off after --confine, found '\(text.excerpt(40))'")
    }
    return mode
  }

  private static func curve(_ text: String) throws(Problem) -> SealCurve {
    guard let curve = SealCurve(rawValue: text) else {
      throw Problem(
        .usage, "usage.seal-curve",
        "expected P-256, P-384 or P-521 after --seal-curve, found '\(text.excerpt(40))'")
    }
    return curve
  }

  /// Where the key that seals comes from, where this start makes it.
  private func sealKey() throws(Problem) -> SealKeySource {
    guard let sealSigner else { return .file(sealCurve ?? .p256) }
    guard sealCurve == nil else {
      throw Problem(
        .usage, "usage.conflicting-options", "expected --seal-curve or --seal-signer, found both",
        hint: "the curve of a signer's key is the signer's")
    }
    return .signer(sealSigner)
  }

  private func adminAddress() throws(Problem) -> LocalDataPlane.AdminAddress {
    switch admin {
    case nil: return .near(try ListenAddress(parsing: "127.0.0.1:8081"))
    case "none": return .none
    case let text?:
      let address = try ListenAddress(parsing: text)
      guard address.isLoopback || insecure else {
        throw Self.exposed("the admin listener", address, "an address of the loopback")
      }
      return .at(address)
    }
  }

  /// What the data plane is told of a collector of spans.
  private func collectorOptions() throws(Problem) -> [String] {
    let files = [("--otlp-headers", otlpHeaders), ("--otlp-ca", otlpAuthorities)]
    guard let otlp else {
      guard otlpShare == nil, files.allSatisfy({ $0.1 == nil }) else {
        throw Problem(.usage, "otlp.half", "expected --otlp with the options of a collector, found none")
      }
      return []
    }
    // What is wrong with them is found out before any process is started.
    _ = try Collector(otlp, fieldsPath: otlpHeaders, authoritiesPath: otlpAuthorities)
    var options = ["--otlp", otlp.description]
    for (option, path) in files {
      guard let path, let whole = unsafe realpath(path, nil) else { continue }
      options += [option, unsafe String(cString: whole)]
      unsafe free(whole)
    }
    guard let otlpShare else { return options }
    guard 0...1 ~= otlpShare else {
      throw Problem(
        .usage, "otlp.share", "expected a share from 0 to 1 after --otlp-share, found \(otlpShare)")
    }
    return options + ["--otlp-share", "\(otlpShare)"]
  }

  /// What the data plane is told of how often it asks; nothing for what it does by itself, so that one that serves is taken over.
  private func probeOptions() throws(Problem) -> [String] {
    guard let probeInterval else { return [] }
    guard 0...86_400 ~= probeInterval else {
      throw Problem(
        .usage, "usage.probe-interval",
        "expected 0 to 86400 seconds after --probe-interval, found \(probeInterval)")
    }
    return ["--probe-interval", "\(probeInterval)"]
  }

  private func tlsFiles() throws(Problem) -> (certificates: String, privateKey: String)? {
    switch (tlsCertificate, tlsKey) {
    case (nil, nil): return nil
    case (let certificates?, let key?): return (certificates, key)
    default:
      throw Problem(
        .usage, "tls.half", "expected both --tls-certificate and --tls-key, found one of them")
    }
  }

  /// The data plane's files, seen to be of use before any process is started.
  private func planeTLSFiles() throws(Problem) -> PlaneTLS? {
    if planeTlsCertificate == nil, planeTlsKey == nil, planeTlsClientCa == nil { return nil }
    guard let certificate = planeTlsCertificate, let key = planeTlsKey else {
      throw Problem(
        .usage, "tls.half", "expected both --plane-tls-certificate and --plane-tls-key, found one or none")
    }
    let tls = PlaneTLS(
      certificate: DataDirectory.absolute(certificate), key: DataDirectory.absolute(key),
      clientAuthorities: planeTlsClientCa.map { DataDirectory.absolute($0) })
    try TLSFiles(certificate: tls.certificate, key: tls.key, clientAuthorities: tls.clientAuthorities).check()
    return tls
  }

  private func runtimePath() throws(Problem) -> String {
    let path = runtime ?? Self.ownRuntime
    guard unsafe access(path, X_OK) == 0 else {
      throw Problem(
        .unavailable, "runtime.missing", "expected the data plane's program, found none", subject: path,
        hint: "build it with scripts/build, or name it with --runtime")
    }
    return path
  }

  /// The data plane's program beside this one.
  static var ownRuntime: String { "\(programDirectory)/\(ImagePlaces.program)" }

  /// The directory that this program was started from.
  private static var programDirectory: String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  }

  private static func exposed(_ what: String, _ address: ListenAddress, _ remedy: String) -> Problem {
    Problem(
      .usage, "serve.exposed",
      "expected \(what) to listen on a loopback address or with TLS, found \(address) in the clear",
      hint: "give \(remedy), or --insecure if the network is trusted")
  }
}

/// What becomes of predictions that no access record can be written of.
enum SpoolPolicy: String, ExpressibleByArgument {
  /// They are refused.
  case refuse
  /// They go out, and the next record says how many.
  case goOn = "go-on"
}

/// `gatehouse stop`.
struct StopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Stop the platform of a data directory, both planes.")

  @OptionGroup var data: DataOption

  func run() async throws {
    let directory = data.directory
    // A platform that is just starting holds the lock before it has written down who it is.
    for _ in 0..<100 where isLocked(directory) && holder(of: directory) == nil {
      try await Task.sleep(for: .milliseconds(20))
    }
    guard isLocked(directory), let pid = holder(of: directory) else {
      try await Platform.stopPlane(of: directory)
      return Console.prose("stopped: no control plane was running in \(directory.path)")
    }
    guard kill(pid, SIGINT) == 0 else {
      throw Problem(
        .forbidden, "stop.signal", "expected to interrupt process \(pid), found: not permitted",
        subject: directory.path)
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while isLocked(directory), holder(of: directory) == pid {
      guard ContinuousClock.now < deadline else {
        throw Problem(
          .unavailable, "stop.slow", "expected process \(pid) to end within 60 s, found it running",
          subject: directory.path)
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    // One that was ending already took the signal for nothing, and leaves a data plane; whoever has the directory now keeps theirs.
    if !isLocked(directory) { try await Platform.stopPlane(of: directory) }
    Console.prose("stopped")
  }

  /// Whether a control plane runs on the directory.
  private func isLocked(_ directory: DataDirectory) -> Bool {
    let descriptor = unsafe open(directory.lock, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }

  /// The process that has written itself into the lock.
  private func holder(of directory: DataDirectory) -> pid_t? {
    let text = (try? LocalFiles.read(directory.lock, limit: 64)) ?? []
    return pid_t(String(decoding: text, as: UTF8.self).filter(\.isNumber))
  }
}
