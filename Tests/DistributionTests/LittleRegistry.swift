import Domain
import Encoding
import Packaging
import Provenance

/// What a request has.
struct LittleRequest: Sendable {
  let method: String
  let target: String
  let headers: [(name: String, value: String)]
  let body: [UInt8]

  var path: String { String(target.prefix { $0 != "?" }) }

  func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

  /// The words of the query, as they were sent.
  var query: [String: String] {
    var words: [String: String] = [:]
    for pair in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      words[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
    return words
  }
}

/// What is answered; the length is stated unless another is.
struct LittleAnswer: Sendable {
  var status: Int
  var headers: [(String, String)] = []
  var body: [UInt8] = []
  /// Whether the connection ends behind it, or behind what there is of it.
  var closes = false
  /// Whether nothing comes at all.
  var isSilent = false

  /// The bytes on the wire; without the body for `HEAD`.
  func wire(for method: String) -> [UInt8] {
    var lines = "HTTP/1.1 \(status) Something\r\n"
    for (name, value) in headers { lines += "\(name): \(value)\r\n" }
    if !headers.contains(where: { ["content-length", "transfer-encoding"].contains($0.0.lowercased()) }),
      status != 204
    {
      lines += "Content-Length: \(body.count)\r\n"
    }
    return Array((lines + "\r\n").utf8) + (method == "HEAD" ? [] : body)
  }
}

/// A registry of images that is small and keeps to the specification: one value, a request in, an answer out.
struct LittleRegistry: Sendable {
  /// How it knows who asks.
  enum Door: Sendable {
    case open
    case basic(user: String, password: String)
    /// A token from its own service, which wants a password.
    case token(user: String, password: String)
  }

  var door = Door.open
  var listsReferrers = true
  var resumes = true
  var knowsRanges = true
  /// How many tags or referrers a page has.
  var page = 2
  /// The least that a piece of an upload has.
  var shortestPiece: Int?

  var blobs: [String: [String: [UInt8]]] = [:]
  var manifests: [String: [String: (type: String, bytes: [UInt8])]] = [:]
  var tags: [String: [String: String]] = [:]
  var uploads: [String: [UInt8]] = [:]
  private var begun = 0

  /// Manifests and tags that lead to what is not there: none, ever.
  var holes: [String] {
    var holes: [String] = []
    for (repository, stored) in manifests {
      for (_, bytes) in stored.values {
        let document = try? ManifestDocument(parsing: bytes, as: nil)
        for blob in document?.blobs ?? [] where blobs[repository]?[blob.digest.description] == nil {
          holes.append(blob.digest.description)
        }
      }
    }
    for (repository, named) in tags {
      holes += named.values.filter { manifests[repository]?[$0] == nil }
    }
    return holes
  }

  /// What a part of an upload leaves behind whose connection breaks in the midst.
  mutating func takePart(_ request: LittleRequest) {
    guard request.method == "PATCH" || request.method == "PUT", let id = Self.upload(in: request.path) else {
      return
    }
    if resumes { uploads[id]? += request.body } else { uploads[id] = nil }
  }

  private static func upload(in path: String) -> String? {
    path.contains("/blobs/uploads/") ? path.split(separator: "/").last.map(String.init) : nil
  }

  mutating func answer(_ request: LittleRequest) -> LittleAnswer {
    if let refusal = refusal(of: request) { return refusal }
    if request.path == "/v2/" { return LittleAnswer(status: 200) }
    if request.path == "/token" { return token(request) }
    var parts = request.path.split(separator: "/").map(String.init)
    guard parts.count > 3, parts.removeFirst() == "v2" else { return LittleAnswer(status: 404) }
    guard let place = parts.lastIndex(where: { ["blobs", "manifests", "tags", "referrers"].contains($0) })
    else {
      return LittleAnswer(status: 404)
    }
    let repository = parts[..<place].joined(separator: "/")
    let rest = Array(parts[(place + 1)...])
    switch parts[place] {
    case "blobs" where rest.first == "uploads":
      return upload(request, rest.count > 1 ? rest[1] : nil, repository)
    case "blobs": return blob(request, rest[0], repository)
    case "manifests": return manifest(request, rest[0], repository)
    case "tags": return list(tags[repository]?.keys.sorted() ?? [], request)
    default: return listsReferrers ? referrers(request, rest[0], repository) : LittleAnswer(status: 404)
    }
  }

  private func refusal(of request: LittleRequest) -> LittleAnswer? {
    guard request.path != "/token" else { return nil }
    let shown = request.header("authorization")
    switch door {
    case .open: return nil
    case .basic(let user, let password):
      if shown == "Basic \(Base64.encode(Array("\(user):\(password)".utf8)))" { return nil }
      return LittleAnswer(status: 401, headers: [("WWW-Authenticate", "Basic realm=\"little\"")])
    case .token:
      let pushes = !["GET", "HEAD"].contains(request.method)
      if shown == "Bearer push" || shown == "Bearer pull" && !pushes { return nil }
      let repository = request.path.split(separator: "/").dropFirst().prefix(2).joined(separator: "/")
      let challenge =
        "Bearer realm=\"http://\(request.header("host") ?? "")/token\",service=\"little\","
        + "scope=\"repository:\(repository):\(pushes ? "pull,push" : "pull")\""
      return LittleAnswer(status: 401, headers: [("www-authenticate", challenge)])
    }
  }

  private func token(_ request: LittleRequest) -> LittleAnswer {
    guard case .token(let user, let password) = door,
      request.header("authorization") == "Basic \(Base64.encode(Array("\(user):\(password)".utf8)))",
      request.query["service"] == "little"
    else { return LittleAnswer(status: 401) }
    let name = request.query["scope"]?.hasSuffix("push") == true ? "push" : "pull"
    return LittleAnswer(status: 200, body: Array("{\"token\":\"\(name)\",\"expires_in\":300}".utf8))
  }

  private mutating func upload(_ request: LittleRequest, _ id: String?, _ repository: String) -> LittleAnswer
  {
    func going(_ id: String, _ status: Int, _ count: Int) -> LittleAnswer {
      var answer = LittleAnswer(
        status: status, headers: [("Location", "/v2/\(repository)/blobs/uploads/\(id)")])
      if count > 0 { answer.headers.append(("Range", "0-\(count - 1)")) }
      if let shortestPiece { answer.headers.append(("OCI-Chunk-Min-Length", "\(shortestPiece)")) }
      return answer
    }
    guard let id else {
      if let digest = request.query["mount"], let from = request.query["from"],
        let bytes = blobs[from]?[digest]
      {
        blobs[repository, default: [:]][digest] = bytes
        return LittleAnswer(status: 201)
      }
      begun += 1
      uploads["u\(begun)"] = []
      return going("u\(begun)", 202, 0)
    }
    guard let arrived = uploads[id] else { return LittleAnswer(status: 404) }
    if request.method == "GET" { return going(id, 204, arrived.count) }
    if let range = request.header("content-range"), !request.body.isEmpty,
      range != "\(arrived.count)-\(arrived.count + request.body.count - 1)"
    {
      return going(id, 416, arrived.count)
    }
    let bytes = arrived + request.body
    if request.method == "PATCH" {
      uploads[id] = bytes
      return going(id, 202, bytes.count)
    }
    guard Digest(of: bytes).description == request.query["digest"] else {
      return LittleAnswer(
        status: 400, body: Array(#"{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}"#.utf8))
    }
    uploads[id] = nil
    blobs[repository, default: [:]][Digest(of: bytes).description] = bytes
    return LittleAnswer(status: 201)
  }

  private func blob(_ request: LittleRequest, _ digest: String, _ repository: String) -> LittleAnswer {
    guard let bytes = blobs[repository]?[digest] else { return LittleAnswer(status: 404) }
    if knowsRanges, let range = request.header("range")?.dropFirst("bytes=".count).split(separator: "-"),
      let first = range.first.flatMap({ Int($0) })
    {
      return LittleAnswer(
        status: 206, headers: [("Content-Range", "bytes \(first)-\(bytes.count - 1)/\(bytes.count)")],
        body: Array(bytes[first...]))
    }
    var answer = LittleAnswer(status: 200, body: bytes)
    if request.method == "HEAD" { answer.headers.append(("Content-Length", "\(bytes.count)")) }
    return answer
  }

  private mutating func manifest(_ request: LittleRequest, _ name: String, _ repository: String)
    -> LittleAnswer
  {
    let digest = tags[repository]?[name] ?? name
    switch request.method {
    case "PUT":
      guard
        let document = try? ManifestDocument(
          parsing: request.body, as: request.header("content-type").map(MediaType.init(rawValue:))),
        document.blobs.allSatisfy({ blobs[repository]?[$0.digest.description] != nil })
      else { return LittleAnswer(status: 400) }
      let own = Digest(of: request.body).description
      if name.contains(":") {
        guard name == own else { return LittleAnswer(status: 400) }
      } else {
        tags[repository, default: [:]][name] = own
      }
      manifests[repository, default: [:]][own] = (document.mediaType.rawValue, request.body)
      var answer = LittleAnswer(status: 201, headers: [("Docker-Content-Digest", own)])
      if listsReferrers, let subject = document.subject {
        answer.headers.append(("OCI-Subject", subject.description))
      }
      return answer
    case "DELETE":
      if !name.contains(":") {
        return LittleAnswer(status: tags[repository]?.removeValue(forKey: name) == nil ? 404 : 202)
      }
      guard manifests[repository]?.removeValue(forKey: digest) != nil else {
        return LittleAnswer(status: 404)
      }
      tags[repository] = tags[repository]?.filter { $0.value != digest }
      return LittleAnswer(status: 202)
    default:
      guard let (type, bytes) = manifests[repository]?[digest] else { return LittleAnswer(status: 404) }
      return LittleAnswer(
        status: 200, headers: [("Content-Type", type), ("Docker-Content-Digest", digest)], body: bytes)
    }
  }

  private func referrers(_ request: LittleRequest, _ subject: String, _ repository: String) -> LittleAnswer {
    var found: [Referrer] = []
    for (digest, stored) in (manifests[repository] ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let document = try? ManifestDocument(parsing: stored.bytes, as: nil),
        document.subject?.description == subject, let digest = try? Digest(parsing: digest)
      else { continue }
      found.append(
        Referrer(
          Descriptor(
            mediaType: document.mediaType, digest: digest, size: stored.bytes.count,
            annotations: document.annotations),
          artifactType: document.artifactType))
    }
    let start = Int(request.query["from"] ?? "0") ?? 0
    let rest = found.dropFirst(start)
    var answer = LittleAnswer(
      status: 200, headers: [("Content-Type", MediaType.index.rawValue)],
      body: Referrer.index(of: Array(rest.prefix(page))))
    if rest.count > page {
      answer.headers.append(("Link", "<\(request.path)?from=\(start + page)>; rel=\"next\""))
    }
    return answer
  }

  private func list(_ names: [String], _ request: LittleRequest) -> LittleAnswer {
    let rest = names.filter { $0 > request.query["last"] ?? "" }
    let body = JSON.object(["tags": .array(rest.prefix(page).map { .string($0) })])
    var answer = LittleAnswer(status: 200, body: body.canonicalBytes)
    if rest.count > page {
      answer.headers.append(("Link", "<\(request.path)?n=2&last=\(rest[page - 1])>; rel=next"))
    }
    return answer
  }
}
