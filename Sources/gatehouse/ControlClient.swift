import ArgumentParser
import AsyncHTTPClient
import Domain
import Encoding
import NIOCore
import NIOHTTP1
import NIOSSL
import Storage

/// How a command finds its server and proves who asks.
struct ServerOptions: ParsableArguments {
  @OptionGroup var connection: ConnectionOptions

  @OptionGroup var data: DataOption

  /// Whether it is the platform of the data directory that is asked, and no other that was named.
  var isOwn: Bool { connection.isOwn(data.directory) }

  /// The file with the credential, where one is named.
  var tokenFile: String? { connection.tokenFile }

  /// Does `work` with a client, and lets its connections go at the end.
  ///
  /// Where nobody listens, one that `persists` tries for a while: a control plane may be about to start.
  func withClient<Result>(
    persists: Bool = true, _ work: (ControlClient) async throws -> Result
  ) async throws -> Result {
    try await connection.withClient(data.directory, persists: persists, work)
  }
}

/// Which server, wherever the platform's own data is.
struct ConnectionOptions: ParsableArguments {
  @Option(help: "The control plane's address (default: $GATEHOUSE_URL, else the one on this machine).")
  var server: String?

  @Option(
    help: "A file with the credential (default: $GATEHOUSE_TOKEN, else admin.token in the data directory).")
  var tokenFile: String?

  @Option(help: "A PEM file with the certificate authority to trust for https (default: the system's).")
  var caFile: String?

  /// Does `work` with a client, and lets its connections go at the end; `data` is the platform's on this machine.
  func withClient<Result>(
    _ data: DataDirectory, persists: Bool = true, _ work: (ControlClient) async throws -> Result
  ) async throws -> Result {
    let address = address(data)
    return try await ControlClient.with(
      address, token: try token(for: address, data), authorities: caFile, persists: persists, work)
  }

  /// The address that the platform of the data directory wrote down.
  private func localAddress(_ data: DataDirectory) -> String? {
    let written = try? LocalFiles.read(data.address, limit: 4096)
    return written.flatMap {
      String(decoding: $0, as: UTF8.self).split(separator: "\n").first.map(String.init)
    }
  }

  /// Whether no other control plane was named than the one of this data directory.
  func isOwn(_ data: DataDirectory) -> Bool {
    guard let named = server ?? Environment["GATEHOUSE_URL"] else { return true }
    return named == localAddress(data)
  }

  private func address(_ data: DataDirectory) -> String {
    var address = server ?? Environment["GATEHOUSE_URL"] ?? localAddress(data) ?? "http://127.0.0.1:8440"
    while address.hasSuffix("/") { address.removeLast() }
    return address
  }

  /// Whether this machine's own credential may go there: to the platform of the data directory, or to nobody
  /// beyond this machine.
  private func isLocal(_ address: String, _ data: DataDirectory) -> Bool {
    address == localAddress(data) || ["http://127.", "https://127."].contains { address.hasPrefix($0) }
  }

  private func token(for address: String, _ data: DataDirectory) throws(Problem) -> String {
    if tokenFile == nil, let token = Environment["GATEHOUSE_TOKEN"] { return token }
    let path = tokenFile ?? data.adminToken
    guard tokenFile != nil || isLocal(address, data) else {
      throw Problem(
        .unauthenticated, "auth.no-credential",
        "expected a credential for \(address), found only the one of the platform on this machine",
        hint: "name the credential for that server with --token-file or GATEHOUSE_TOKEN")
    }
    guard tokenFile != nil || LocalFiles.kind(of: path).isFile else {
      throw Problem(
        .unauthenticated, "auth.no-credential", "expected a credential, found none",
        subject: path,
        hint:
          "start a platform with 'gatehouse serve', or name a credential with --token-file or GATEHOUSE_TOKEN"
      )
    }
    return try Self.token(in: path)
  }

  /// The credential that stands in a file.
  static func token(in path: String) throws(Problem) -> String {
    let text = String(decoding: try LocalFiles.read(path, limit: 4096), as: UTF8.self)
    return text.filter { !$0.isWhitespace }
  }
}

extension LocalFiles.Kind {
  /// Whether it is a regular file.
  var isFile: Bool {
    if case .file = self { true } else { false }
  }
}

/// A client of the control plane's HTTP face.
struct ControlClient {
  let http: HTTPClient
  /// Scheme, host and port, without a slash at the end.
  let base: String
  let token: String
  /// How long a whole answer may take.
  var patience = TimeAmount.minutes(30)

  /// Does `work` with a client of a server, and lets its connections go at the end; `authorities` names a PEM file of those to
  /// trust for https, nil the system's.
  static func with<Result>(
    _ base: String, token: String, authorities: String?, persists: Bool = true,
    _ work: (ControlClient) async throws -> Result
  ) async throws -> Result {
    var configuration = HTTPClient.Configuration(
      timeout: .init(connect: .seconds(10), read: .minutes(10)))
    configuration.connectionPool.retryConnectionEstablishment = persists
    if let authorities {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(authorities)
      configuration.tlsConfiguration = tls
    }
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
      let result = try await work(ControlClient(http: http, base: base, token: token))
      try await http.shutdown()
      return result
    } catch {
      try? await http.shutdown()
      throw error
    }
  }

  /// The JSON at `path`.
  func get(_ path: String) async throws -> JSON { try await json(request(.GET, path)) }

  /// The text at `path`.
  func text(_ path: String, as type: String = "text/plain") async throws -> String {
    var request = request(.GET, path)
    request.headers.add(name: "Accept", value: type)
    let response = try await execute(request)
    do { return String(buffer: try await response.body.collect(upTo: 1 << 20)) } catch { throw cutOff(error) }
  }

  /// The bytes at `path`, at most so many.
  func bytes(_ path: String, limit: Int) async throws -> [UInt8] {
    let response = try await execute(request(.GET, path))
    do {
      let body = try await response.body.collect(upTo: limit)
      return Array(body.readableBytesView)
    } catch { throw cutOff(error) }
  }

  /// What a POST of a JSON document answers.
  func post(_ path: String, _ body: JSON = [:]) async throws -> JSON { try await send(.POST, path, body) }

  /// What a PUT of a JSON document answers.
  func put(_ path: String, _ body: JSON) async throws -> JSON { try await send(.PUT, path, body) }

  /// What a PUT of a document that somebody wrote answers.
  func put(_ path: String, file: [UInt8]) async throws -> JSON {
    var request = request(.PUT, path)
    request.headers.add(name: "Content-Type", value: "application/yaml")
    request.body = .bytes(file)
    return try await json(request)
  }

  private func send(_ method: HTTPMethod, _ path: String, _ body: JSON) async throws -> JSON {
    var request = request(method, path)
    request.headers.add(name: "Content-Type", value: "application/json")
    request.body = .bytes(body.canonicalBytes)
    return try await json(request)
  }

  /// Has something done that answers nothing.
  func command(_ path: String) async throws { _ = try await execute(request(.POST, path)) }

  /// Deletes what stands at `path`.
  func delete(_ path: String) async throws { _ = try await execute(request(.DELETE, path)) }

  /// Whether there is something at `path`.
  func exists(_ path: String) async throws -> Bool {
    do {
      _ = try await execute(request(.HEAD, path))
      return true
    } catch let problem as Problem where problem.category == .notFound {
      return false
    }
  }

  /// Sends bytes as they come, and says how many have gone.
  func upload(_ path: String, _ bytes: [UInt8], progress: @escaping @Sendable (Int) -> Void) async throws
    -> JSON
  {
    var request = request(.POST, path)
    request.headers.add(name: "Content-Type", value: "application/octet-stream")
    let chunk = 1 << 18
    let sent = SentBytes()
    let chunks = AsyncStream<ByteBuffer>(unfolding: {
      let start = sent.total
      guard start < bytes.count else { return nil }
      let end = min(start + chunk, bytes.count)
      progress(sent.add(end - start))
      return ByteBuffer(bytes: bytes[start..<end])
    })
    request.body = .stream(chunks, length: .known(Int64(bytes.count)))
    return try await json(request)
  }

  /// Posts a JSON document and hands over each line of the answer as it comes.
  func lines(_ path: String, _ body: JSON, _ each: (JSON) throws -> Void) async throws {
    var request = request(.POST, path)
    request.headers.add(name: "Content-Type", value: "application/json")
    request.headers.add(name: "Accept", value: "application/x-ndjson")
    request.body = .bytes(body.canonicalBytes)
    let response = try await execute(request)
    var line: [UInt8] = []
    do {
      for try await buffer in response.body {
        for byte in buffer.readableBytesView {
          guard byte == UInt8(ascii: "\n") else {
            line.append(byte)
            continue
          }
          try each(try parse(line))
          line.removeAll(keepingCapacity: true)
        }
      }
    } catch let problem as Problem {
      throw problem
    } catch {
      throw cutOff(error)
    }
  }

  private func cutOff(_ error: any Error) -> Problem {
    Problem(
      .unavailable, "server.cut-off", "expected the whole answer of \(base), found it cut off",
      hint: "try again: what was finished is not done twice", cause: "\(error)")
  }

  private func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: "\(base)/api/v1\(path)")
    request.method = method
    request.headers.add(name: "Authorization", value: "Bearer \(token)")
    return request
  }

  private func json(_ request: HTTPClientRequest) async throws -> JSON {
    let response = try await execute(request)
    let body: ByteBuffer
    do { body = try await response.body.collect(upTo: 64 << 20) } catch { throw cutOff(error) }
    return try parse(Array(body.readableBytesView))
  }

  /// Sends a request; throws the problem that the server answers with.
  private func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    let response: HTTPClientResponse
    do {
      response = try await http.execute(request, timeout: patience)
    } catch {
      throw Problem(
        .unavailable, "server.unreachable",
        "expected an answer from the control plane at \(base), found none",
        hint: "start it with 'gatehouse serve', or name another with --server", cause: "\(error)")
    }
    if (200..<300).contains(Int(response.status.code)) { return response }
    let body = try? await response.body.collect(upTo: 1 << 20)
    if let body, let json = try? JSON(parsing: body.readableBytesView), let problem = Problem(json: json) {
      throw problem
    }
    // An answer without a body, as HEAD has it, says no more than its status.
    let category = Problem.Category.allCases.first { (each: Problem.Category) in
      Problem(each, "", "").httpStatus == Int(response.status.code)
    }
    throw Problem(
      category ?? .unavailable, category == .unauthenticated ? "auth.credential" : "server.answer",
      category == .unauthenticated
        ? "expected a bearer token that \(base) has issued, found none that it knows"
        : "expected an answer of a control plane at \(base), found status \(response.status.code)")
  }

  private func parse(_ bytes: [UInt8]) throws(Problem) -> JSON {
    do throws(MalformedJSON) {
      return try JSON(parsing: bytes)
    } catch {
      throw Problem(
        .unavailable, "server.answer",
        "expected JSON from the control plane at \(base), found something else",
        cause: error.description)
    }
  }
}
