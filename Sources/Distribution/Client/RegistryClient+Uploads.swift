public import Domain
import Encoding
public import Lifecycle
import NIOHTTP1
public import Packaging

extension RegistryClient {
  /// The longest piece that a registry may ask for, in bytes.
  private static let longestPiece = 1 << 30

  /// Puts a blob into the repository, going on where a connection broke as far as the registry can.
  public func send(
    _ blob: Descriptor, from store: any BlobStore, mounting repository: String?
  ) async throws(Problem) -> BlobDelivery {
    guard let reader = try await store.open(blob.digest) else {
      throw Problem(.notFound, "blob.missing", "expected the blob \(blob.digest.short), found none")
    }
    var upload = Upload(blob: blob, reader: reader, mounting: repository)
    var retries = Retries(settings.retries)
    while true {
      let before = upload.furthest
      do throws(Failure) {
        if let delivery = try await step(&upload) { return delivery }
        if upload.furthest > before { retries.advance() }
      } catch {
        upload.breakOff()
        try await retries.wait(after: error)
      }
    }
  }

  /// A blob on its way.
  private struct Upload {
    enum Stage {
      case notBegun
      /// So many bytes have arrived, and the rest goes there.
      case open(RegistryURL, offset: Int)
      /// How many have arrived is to be asked there.
      case broken(RegistryURL)
    }

    let blob: Descriptor
    let reader: any BlobReader
    var mounting: String?
    var stage = Stage.notBegun
    /// The least that the registry takes in one piece but for the last.
    var shortestPiece = 0
    /// How far the registry ever said that it came.
    private(set) var furthest = 0
    /// Whether what has arrived came over several connections.
    private(set) var isResumed = false

    init(blob: Descriptor, reader: any BlobReader, mounting: String?) {
      self.blob = blob
      self.reader = reader
      self.mounting = mounting
    }

    mutating func reach(_ offset: Int, at url: RegistryURL) {
      stage = .open(url, offset: offset)
      furthest = max(furthest, offset)
    }

    /// What was going on has come to nobody knows where.
    mutating func breakOff() {
      guard case .open(let url, _) = stage else { return }
      stage = .broken(url)
    }

    mutating func begin(at url: RegistryURL) {
      isResumed = false
      stage = .open(url, offset: 0)
    }

    mutating func resume(_ offset: Int, at url: RegistryURL) {
      isResumed = isResumed || offset > 0
      stage = .open(url, offset: offset)
    }

    /// The bytes from a place on.
    func content(from offset: Int, count: Int) -> RegistryContent {
      .pieces(OutgoingPieces(reader: reader, digest: blob.digest, offset: offset, count: count))
    }
  }

  /// Does what is next; says how the blob came to be there once it is.
  private func step(_ upload: inout Upload) async throws(Failure) -> BlobDelivery? {
    switch upload.stage {
    case .notBegun: return try await begin(&upload)
    case .broken(let url): return try await resume(&upload, at: url)
    case .open(let url, let offset):
      let rest = upload.blob.size - offset
      let piece = max(settings.pieceBytes, upload.shortestPiece)
      guard rest > piece else { return try await finish(&upload, at: url, offset, rest) }
      try await send(piece, of: &upload, to: url, from: offset)
      return nil
    }
  }

  private func begin(_ upload: inout Upload) async throws(Failure) -> BlobDelivery? {
    var url = url("blobs/uploads/")
    let mounting = upload.mounting
    if let mounting {
      url = url.adding("mount", upload.blob.digest.description).adding("from", mounting)
    }
    // Asked for once: who does not know that repository takes the bytes.
    upload.mounting = nil
    let answer = try await ask(.POST, url, scope: .push)
    if mounting != nil, [401, 403, 404].contains(answer.status) {
      await answer.drain()
      return nil
    }
    try await expect([201, 202], answer, doing: "begin to send the blob \(upload.blob.digest.short)")
    await answer.drain()
    guard answer.status == 202 else { return mounting == nil ? .sent : .mounted }
    let shortest = answer.headers.first(name: "oci-chunk-min-length").flatMap { ByteRanges.number($0) } ?? 0
    guard shortest <= Self.longestPiece else {
      throw Failure(
        RegistryProblem.malformed("pieces of at most \(Self.longestPiece) bytes", "\(shortest)", at: place))
    }
    upload.shortestPiece = shortest
    upload.begin(at: try destination(of: answer))
    return nil
  }

  /// Asks how far an upload has come that broke; begins anew where the registry does not say.
  private func resume(_ upload: inout Upload, at url: RegistryURL) async throws(Failure) -> BlobDelivery? {
    let answer = try await ask(.GET, url, scope: .push)
    guard [400, 404, 405, 410, 416].contains(answer.status) else {
      try await expect(
        [200, 204], answer, doing: "ask how much of the blob \(upload.blob.digest.short) arrived")
      await answer.drain()
      let offset = answer.headers.first(name: "range").map { ByteRanges.received($0) } ?? 0
      guard let offset, offset <= upload.blob.size else { throw Failure(malformedRange(answer)) }
      upload.resume(offset, at: try nextURL(of: answer, url))
      return nil
    }
    await answer.drain()
    // The last answer may have been lost, and not the blob.
    upload.stage = .notBegun
    let answered = try await ask(.HEAD, self.url("blobs/\(upload.blob.digest)"), scope: .push)
    await answered.drain()
    return answered.status == 200 ? .sent : nil
  }

  /// Sends one piece of several.
  private func send(
    _ count: Int, of upload: inout Upload, to url: RegistryURL, from offset: Int
  ) async throws(Failure) {
    let answer = try await ask(
      .PATCH, url, scope: .push, Self.headers(from: offset, count: count),
      upload.content(from: offset, count: count))
    try await accept([202, 204], answer, of: upload)
    await answer.drain()
    let range = answer.headers.first(name: "range")
    let arrived = range.map { ByteRanges.received($0) } ?? offset + count
    // As much as was sent, or less; to send the same again and again is no way to get on.
    guard let arrived, offset...(offset + count) ~= arrived else { throw Failure(malformedRange(answer)) }
    guard arrived > offset else {
      throw Failure(
        Problem(
          .unavailable, "registry.unavailable",
          "expected the registry to take a piece of the blob, found that it took nothing", subject: place),
        isTransient: true)
    }
    upload.reach(arrived, at: try nextURL(of: answer, url))
  }

  /// Sends the last piece, often the only one, and has the registry take the whole for what its digest says.
  private func finish(
    _ upload: inout Upload, at url: RegistryURL, _ offset: Int, _ rest: Int
  ) async throws(Failure) -> BlobDelivery {
    let url = url.adding("digest", upload.blob.digest.description)
    var headers = Self.headers(from: offset, count: rest)
    // Of the whole, as of nothing, there is no range to be told.
    if offset == 0 || rest == 0 { headers.remove(name: "content-range") }
    let content = rest == 0 ? RegistryContent.none : upload.content(from: offset, count: rest)
    let answer = try await ask(.PUT, url, scope: .push, headers, content)
    try await accept([201, 204], answer, of: upload)
    await answer.drain()
    let stated = answer.headers.first(name: "docker-content-digest").flatMap { try? Digest(parsing: $0) }
    if let stated, stated != upload.blob.digest {
      throw Failure(RegistryProblem.digest(upload.blob.digest, stated, at: place))
    }
    return .sent
  }

  /// Lets an answer through; throws a failure that may go away where the registry has lost track of the upload.
  private func accept(_ statuses: Set<Int>, _ answer: RegistryAnswer, of upload: Upload) async throws(Failure)
  {
    do throws(Failure) {
      try await expect(statuses, answer, doing: "send the blob \(upload.blob.digest.short)")
    } catch {
      // What it put together over several connections may not be what was sent.
      let isLost = [404, 416].contains(answer.status) || answer.status == 400 && upload.isResumed
      throw Failure(error.problem, isTransient: error.isTransient || isLost)
    }
  }

  /// Where an upload goes on: where the answer says, or where it went on before.
  private func nextURL(of answer: RegistryAnswer, _ url: RegistryURL) throws(Failure) -> RegistryURL {
    answer.headers.contains(name: "location") ? try destination(of: answer) : url
  }

  private static func headers(from offset: Int, count: Int) -> HTTPHeaders {
    [
      "Content-Type": "application/octet-stream", "Content-Range": "\(offset)-\(offset + max(count, 1) - 1)",
    ]
  }

  private func malformedRange(_ answer: RegistryAnswer) -> Problem {
    let found = (answer.headers.first(name: "range") ?? "").excerpt(80)
    return RegistryProblem.malformed("how many of the bytes sent have arrived", "'\(found)'", at: place)
  }
}
