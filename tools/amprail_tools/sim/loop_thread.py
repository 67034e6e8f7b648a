"""An event loop in a thread of its own, with calls into it from anywhere."""

import asyncio
import inspect
import threading


class LoopThread:
    """call(function, *arguments) runs a function or coroutine function there, from any thread."""

    def __init__(self, name: str):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._tasks = set()
        self._thread.start()

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        # Two rounds: cancelled tasks end, then closed transports say so.
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def call(self, function, *arguments):
        """Waits for the end and gives the result; within the loop itself it only begins it."""
        if threading.current_thread() is self._thread:
            result = function(*arguments)
            return self.spawn(result) if inspect.iscoroutine(result) else result

        async def run():
            result = function(*arguments)
            return await result if inspect.iscoroutine(result) else result

        future = asyncio.run_coroutine_threadsafe(run(), self.loop)
        return future.result(timeout=10)

    def spawn(self, coroutine) -> None:
        """Starts a task and keeps it; within the loop only."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        if self.running:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(timeout=10)
