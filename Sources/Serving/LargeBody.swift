import Domain
import NIOCore
import Provenance

/// The body of an answer that is large, and the room that it takes of the plane's memory for those
/// (`PlaneLimits.unreadBytes`): given back once nobody holds it, be it written to its end or its caller gone.
///
/// Made where the answer is computed, so that no event loop copies it.
final class LargeBody: Sendable {
  let bytes: ByteBuffer
  private let gauge: Gauge

  /// Nil where there is no room.
  init?(_ bytes: [UInt8], in plane: DataPlane) {
    guard plane.unreadBytes.take(bytes.count, limit: plane.limits.unreadBytes) else { return nil }
    gauge = plane.unreadBytes
    self.bytes = ByteBuffer(bytes: bytes)
  }

  deinit { gauge.release(count) }

  /// How many bytes it has.
  var count: Int { bytes.readableBytes }

  /// A promise for the write of its last byte, which holds it until that is out or cannot be.
  func written(on eventLoop: any EventLoop) -> EventLoopPromise<Void> {
    let promise = eventLoop.makePromise(of: Void.self)
    promise.futureResult.whenComplete { _ in withExtendedLifetime(self) {} }
    return promise
  }
}

extension LargeBody: Equatable {
  static func == (one: LargeBody, other: LargeBody) -> Bool { one.bytes == other.bytes }
}

extension DataPlane {
  /// An answer as it waits to be written: where it is large, with room for it and with its digest, or refused for want of
  /// room.
  ///
  /// Belongs on the thread that has computed it. Problems stay as they are: they are short, and gRPC reads them again.
  func settled(_ answer: Answer, salt: [UInt8]?) -> Answer {
    guard answer.status == 200, answer.body.count > limits.smallBodyBytes else { return answer }
    var settled = answer
    if let body = LargeBody(answer.body, in: self) {
      settled.outputDigest = salt.map { Digest(of: answer.body, salt: $0) }
      settled.large = body
      settled.body = []
    } else {
      settled = PlaneLoop.overloaded
      settled.inputDigest = answer.inputDigest
      settled.closes = answer.closes
    }
    return settled
  }
}
