// Runs the threads of a reader, which share the items of a job.
#include "pool.h"

#include <algorithm>
#include <exception>
#include <new>

#include "../common/json.h"

namespace sluice {
namespace {

// Replaces characters that JSON would have to escape: libraries may quote any bytes of a file in their messages.
Reason printable(Reason reason) {
  if (reason.size() > longest_reason) reason.resize(longest_reason);
  for (char& letter : reason) {
    if (letter < ' ' || letter > '~') letter = '?';
    if (letter == '"') letter = '\'';
    if (letter == '\\') letter = '/';
  }
  return reason;
}

}  // namespace

bool ReadJob::advance(Scratch& scratch, bool& last) {
  const int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
  if (index >= count_) return false;
  Reason reason;
  try {
    reason = item_(index, scratch);
  } catch (const std::bad_alloc&) {
    reason = "needs more memory than is available";
  } catch (const std::exception& error) {
    reason = error.what();
  }
  if (!reason.empty()) {
    clear_(index);
    const std::lock_guard<std::mutex> lock(mutex_);
    refused_.emplace_back(index, printable(std::move(reason)));
  }
  scratch.trim();
  last = finished_.fetch_add(1) + 1 == count_;
  return true;
}

std::string ReadJob::refused_text() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::sort(refused_.begin(), refused_.end());
  std::string text = "[";
  for (const auto& [index, reason] : refused_) {
    if (text.size() > 1) text += ",";
    text += "{\"index\":" + std::to_string(index) + ",\"reason\":" + json_string(reason) + "}";
  }
  return text + "]";
}

ReaderPool::ReaderPool(int threads) {
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (...) {
    end();
    throw;
  }
}

ReaderPool::~ReaderPool() { end(); }

void ReaderPool::end() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  queued_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

int64_t ReaderPool::submit(std::shared_ptr<ReadJob> job) {
  int64_t number;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    number = next_number_++;
    jobs_.emplace(number, job);
    if (!job->done_) queue_.push_back(std::move(job));
  }
  queued_.notify_all();
  return number;
}

std::shared_ptr<ReadJob> ReaderPool::find(int64_t number) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = jobs_.find(number);
  return found == jobs_.end() ? nullptr : found->second;
}

bool ReaderPool::is_done(const ReadJob& job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return job.done_;
}

void ReaderPool::wait(const ReadJob& job) {
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, [&] { return job.done_; });
}

void ReaderPool::forget(int64_t number) {
  const std::lock_guard<std::mutex> lock(mutex_);
  jobs_.erase(number);
}

void ReaderPool::work() {
  Scratch scratch;
  for (;;) {
    std::shared_ptr<ReadJob> job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      queued_.wait(lock, [this] { return ending_ || !queue_.empty(); });
      if (ending_) return;
      job = queue_.front();
    }
    bool last = false;
    while (!ending_ && job->advance(scratch, last)) {
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!queue_.empty() && queue_.front() == job) queue_.pop_front();
    if (!last) continue;
    job->done_ = true;
    done_.notify_all();
  }
}

}  // namespace sluice
