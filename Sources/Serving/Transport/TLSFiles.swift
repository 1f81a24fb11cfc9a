public import Domain
import Encoding
import Glibc
import NIOSSL

/// The files that connections are secured by, each in PEM.
public struct TLSFiles: Equatable, Sendable {
  /// The certificate chain, the server's own first.
  public var certificate: String
  /// The private key of the server's own certificate.
  public var key: String
  /// The authorities that callers' certificates must come from; where nil, callers show none.
  public var clientAuthorities: String?

  /// Names the files.
  public init(certificate: String, key: String, clientAuthorities: String? = nil) {
    self.certificate = certificate
    self.key = key
    self.clientAuthorities = clientAuthorities
  }

  /// Sees that the files can be used; throws what is wrong with them.
  public func check() throws(Problem) { _ = try TLSMaterial(reading: self) }

  /// What tells one state of the files from another.
  var stamps: [FileStamp?] {
    [certificate, key, clientAuthorities ?? certificate].map { FileStamp(path: $0) }
  }
}

/// What tells that the file at a path is another, or another in content.
struct FileStamp: Equatable {
  private let device: UInt
  private let file: UInt
  private let size: Int
  private let changed: [Int]

  /// Asks the kernel; nil where there is no file.
  init?(path: String) {
    var status = stat()
    let descriptor = OpenPlaces.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    device = UInt(status.st_dev)
    file = UInt(status.st_ino)
    size = Int(status.st_size)
    // The time of the last change of its state too: it moves when a file is put in the place of another.
    changed = [
      status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
    ]
  }
}

/// What the files of TLS said at one time.
struct TLSMaterial {
  let context: NIOSSLContext
  /// When the server's certificate begins and ends, in seconds since 1970.
  let begin: Int
  let end: Int

  private static let fileLimit = 1 << 20

  /// Mozilla's intermediate profile: in TLS 1.2 an ephemeral key exchange and an authenticated cipher, no other.
  private static let ciphers = [
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
  ].joined(separator: ":")

  init(reading files: TLSFiles) throws(Problem) {
    let chain = try Self.certificates(in: files.certificate)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(try Self.key(in: files.key)))
    configuration.minimumTLSVersion = .tlsv12
    configuration.cipherSuites = Self.ciphers
    configuration.curves = [.x25519, .secp256r1, .secp384r1]
    configuration.applicationProtocols = ["h2", "http/1.1"]
    configuration.renegotiationSupport = .none
    if let authorities = files.clientAuthorities {
      // A caller has no name that could be held against its address.
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .certificates(try Self.certificates(in: authorities))
      configuration.sendCANameList = true
    }
    do {
      context = try NIOSSLContext(configuration: configuration)
    } catch {
      throw Problem(
        .badInput, "tls.unusable",
        "expected a certificate and its own private key, found that they do not go together",
        subject: files.certificate, hint: "name the key that the certificate was made for",
        cause: Self.cause(error))
    }
    begin = Int(chain[0].notValidBefore)
    end = Int(chain[0].notValidAfter)
  }

  private static func certificates(in path: String) throws(Problem) -> [NIOSSLCertificate] {
    let bytes = try read(path, isSecret: false)
    guard let chain = try? NIOSSLCertificate.fromPEMBytes(bytes), !chain.isEmpty else {
      throw Problem(
        .badInput, "tls.no-certificate", "expected certificates in PEM, found none that can be read",
        subject: path)
    }
    return chain
  }

  private static func key(in path: String) throws(Problem) -> NIOSSLPrivateKey {
    let bytes = try read(path, isSecret: true)
    guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
      throw Problem(
        .badInput, "tls.no-key", "expected a private key in PEM and without a passphrase, found none",
        subject: path)
    }
    return key
  }

  /// Reads a file, through links: secrets are mounted as such, and renewed by changing the link.
  private static func read(_ path: String, isSecret: Bool) throws(Problem) -> [UInt8] {
    guard let resolved = unsafe realpath(path, nil) else {
      throw .system(
        errno == ENOENT ? .notFound : .unavailable, "file.unreadable", "finding the file", subject: path)
    }
    defer { unsafe free(resolved) }
    return try BoundedFile.read(
      path: unsafe String(cString: resolved), limit: fileLimit, isTrusted: true, isSecret: isSecret)
  }

  private static func cause(_ error: any Error) -> String { "\(error)".excerpt(200) }
}
