import AsyncHTTPClient
public import Domain
import Encoding
public import Lifecycle
import NIOCore
import NIOHTTP1
public import Packaging
import Provenance

extension RegistryClient {
  private func url(_ blob: Descriptor) -> RegistryURL { url("blobs/\(blob.digest)") }

  /// Whether the repository has a blob.
  public func contains(blob: Descriptor) async throws(Problem) -> Bool {
    try await retrying { () async throws(Failure) in
      let answer = try await ask(.HEAD, url(blob), scope: .pull)
      try await expect([200, 404], answer, doing: "look for the blob \(blob.digest.short)")
      await answer.drain()
      guard answer.status == 200 else { return false }
      if let length = answer.length, length != blob.size {
        throw Failure(RegistryProblem.size(blob.size, "\(length) of \(blob.digest.short)", at: place))
      }
      return true
    }
  }

  /// Writes the bytes of a blob to a session, going on where a connection broke; the session is left open.
  public func fetch(_ blob: Descriptor, into session: any IngestSession) async throws(Problem) {
    var fetching = Fetching(blob: blob, session: session)
    var retries = Retries(settings.retries)
    let clock = ContinuousClock()
    let end = clock.now + connection.time(for: blob.size)
    repeat {
      let before = fetching.received
      do throws(Failure) {
        try await fetch(&fetching, until: end)
      } catch {
        // All of it came, and the end of the answer alone did not.
        if error.isTransient, fetching.received == blob.size { break }
        if fetching.received > before { retries.advance() }
        try await retries.wait(after: error)
      }
    } while !fetching.isDone
    let found = fetching.hasher.digest
    guard found == blob.digest else { throw RegistryProblem.digest(blob.digest, found, at: place) }
  }

  /// A blob of which some bytes are here.
  private struct Fetching {
    let blob: Descriptor
    let session: any IngestSession
    var hasher = DigestHasher()
    var received = 0
    var isDone = false

    init(blob: Descriptor, session: any IngestSession) {
      self.blob = blob
      self.session = session
    }
  }

  /// Asks for what is missing, and takes what comes of it.
  private func fetch(_ fetching: inout Fetching, until end: ContinuousClock.Instant) async throws(Failure) {
    let blob = fetching.blob
    // However little comes before each break.
    guard ContinuousClock().now < end else { throw Failure(tooSlow(blob)) }
    var headers = HTTPHeaders()
    if fetching.received > 0 {
      headers.add(name: "Range", value: "bytes=\(fetching.received)-\(blob.size - 1)")
    }
    let answer = try await ask(.GET, url(blob), scope: .pull, headers)
    try await expect([200, 206], answer, doing: "fetch the blob \(blob.digest.short)")
    // All of it comes again from who knows no ranges.
    var skipped = fetching.received
    if answer.status == 206 {
      guard fetching.received > 0,
        let range = answer.headers.first(name: "content-range").flatMap({ ByteRanges.content($0) }),
        range.first == fetching.received, range.last < blob.size, range.size == nil || range.size == blob.size
      else {
        throw Failure(
          RegistryProblem.malformed(
            "bytes \(fetching.received)-\(blob.size - 1)/\(blob.size) of the blob",
            "'\((answer.headers.first(name: "content-range") ?? "").excerpt(80))'", at: place))
      }
      skipped = 0
    }
    // Before a byte of it is read.
    if let length = answer.length, length != blob.size - fetching.received + skipped {
      throw Failure(RegistryProblem.size(blob.size - fetching.received + skipped, "\(length)", at: place))
    }
    do {
      for try await piece in answer.body {
        var bytes = Array(piece.readableBytesView)
        if skipped > 0 {
          let dropped = min(skipped, bytes.count)
          bytes.removeFirst(dropped)
          skipped -= dropped
        }
        guard bytes.count <= blob.size - fetching.received else {
          throw Failure(RegistryProblem.size(blob.size, "more", at: place))
        }
        try await fetching.session.write(bytes)
        fetching.hasher.update(bytes)
        fetching.received += bytes.count
        guard ContinuousClock().now < end else { throw Failure(tooSlow(blob)) }
      }
    } catch let failure as Failure {
      throw failure
    } catch let problem as Problem {
      throw Failure(problem)
    } catch {
      throw RegistryConnection.failure(error, answer.url.origin)
    }
    guard fetching.received == blob.size else {
      throw Failure(
        Problem(
          .unavailable, "registry.cut-off",
          "expected \(blob.size) bytes of the blob, found \(fetching.received) and the end", subject: place),
        isTransient: true)
    }
    fetching.isDone = true
  }

  private func tooSlow(_ blob: Descriptor) -> Problem {
    Problem(
      .unavailable, "registry.too-slow",
      "expected \(blob.size) bytes of the blob within \(connection.time(for: blob.size)), found that it takes longer",
      subject: place)
  }
}
